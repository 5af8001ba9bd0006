// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_task.hpp"

#include "core/check.hpp"
#include "core/exception_text.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/source_input.hpp"
#include "topology/task_topology.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace millrace::runtime {

struct GlobalTask::Input {
    const detail::Node* source;
    std::unique_ptr<detail::SourceInput> decoder;
    Headers headers;
    Timestamp time;
};

GlobalTask::GlobalTask(const topology::ApplicationTopology& application,
                       std::unique_ptr<state::TaskStores> stores,
                       std::shared_ptr<const TaskSettings> settings,
                       std::shared_ptr<metrics::Counter> dropped)
    : spec_(application.spec),
      settings_(std::move(settings)),
      stores_(std::move(stores)),
      dropped_records_("global task", std::move(dropped)) {
    const detail::TopologySpec& spec = *application.spec;
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < spec.nodes.size(); ++i) {
        const bool global = std::any_of(spec.global_stores.begin(), spec.global_stores.end(),
                                        [&](const auto& store) {
                                            return store.source_node == spec.nodes[i].name ||
                                                   store.processor_node == spec.nodes[i].name;
                                        });
        if (global) {
            indices.push_back(i);
        }
    }
    nodes_ = std::make_unique<topology::TaskTopology>(
        topology::make_task_topology(spec, indices, "global"));
    for (const detail::GlobalStoreSpec& store : spec.global_stores) {
        const auto* source = nodes_->source_of(store.topic);
        MILLRACE_CHECK(source != nullptr);
        topics_.push_back(store.topic);
        inputs_.push_back({source->node, source->inputs->make_input(), {}, kNoTimestamp});
    }
    stores_->set_context(*this);
}

GlobalTask::~GlobalTask() {
    try {
        close();
    } catch (...) {
        // The next start reads the records that are not on disk again.
    }
}

void GlobalTask::start(Timestamp now) {
    MILLRACE_CHECK(!open_);
    wall_clock_ = now;
    open_ = true;
    for (const auto& node : nodes_->nodes()) {
        try {
            node->init(*this);
        } catch (const Error&) {
            throw;
        } catch (...) {
            throw ProcessingError("cannot initialise node " + node->name() +
                                  " of a global store: " + exception_text());
        }
    }
}

void GlobalTask::update(std::size_t topic, Partition partition, const kafka::Message& message,
                        Timestamp now) {
    wall_clock_ = now;
    Input& input = inputs_.at(topic);
    message.refer_headers(input.headers);
    if (decode(input, topics_[topic], partition, message)) {
        stream_time_ = std::max(stream_time_, input.time);
        record_ = {.timestamp = input.time,
                   .offset = message.offset(),
                   .partition = partition,
                   .topic = &topics_[topic],
                   .headers = &input.headers,
                   .source = &message.record()};
        input.decoder->process(input.time, input.headers);
        record_ = {};
    }
    input.headers.clear();
}

bool GlobalTask::decode(Input& input, const std::string& topic, Partition partition,
                        const kafka::Message& message) {
    const detail::SourceRecord record{.raw = &message.record(),
                                      .partition = partition,
                                      .topic = &topic,
                                      .headers = &input.headers};
    try {
        input.time = input.decoder->decode(record, stream_time_);
    } catch (const SerdeError& error) {
        const ErrorContext context{.task = task_id(),
                                   .node = input.source->name(),
                                   .topic = topic,
                                   .partition = partition,
                                   .offset = record.offset(),
                                   .timestamp = record.timestamp(),
                                   .headers = record.headers,
                                   .source_key = record.key(),
                                   .source_value = record.value(),
                                   .dead_letter_topic = settings_->dead_letter_topic};
        handle(context, error);
        return false;
    }
    if (input.time < Timestamp{}) {
        dropped_records_.add(input.source->name(),
                             "negative timestamp " + std::to_string(milliseconds_of(input.time)),
                             wall_clock_);
        return false;
    }
    return true;
}

/// Asks the handler whether to skip a record that cannot be read.
void GlobalTask::handle(const ErrorContext& context, const SerdeError& error) {
    const ErrorResponse response = settings_->deserialization_handler(context, error);
    if (!response.dead_letters.empty() && !std::exchange(dead_letter_logged_, true)) {
        log::warn("dead letters of global stores are not sent: topic " +
                  std::string(context.topic) + ", partition " + std::to_string(context.partition) +
                  ", offset " + std::to_string(context.offset) + "; further ones are not logged");
    }
    if (response.decision != ErrorDecision::kResume) {
        throw ProcessingError("cannot read record of a global store: topic " +
                              std::string(context.topic) + ", partition " +
                              std::to_string(context.partition) + ", offset " +
                              std::to_string(context.offset) + ": " + error.what());
    }
    dropped_records_.add();
}

void GlobalTask::close() {
    if (std::exchange(open_, false)) {
        for (const auto& node : nodes_->nodes()) {
            node->close();
        }
    }
    stores_->close();
}

detail::RecordCollector& GlobalTask::collector() {
    throw TopologyError("the processor of a global store cannot send records");
}

StateStore& GlobalTask::store(const detail::Node& node, const std::string& name) {
    if (StateStore* found = stores_->store(name)) {
        return *found;
    }
    throw TopologyError("processor " + node.name() + " has no access to the store " + name);
}

Cancellable GlobalTask::schedule(const detail::Node& node, const PunctuationSchedule&, Punctuator) {
    throw TopologyError("the processor of a global store cannot schedule: " + node.name());
}

void GlobalTask::dropped(const detail::Node& node, std::string_view reason) {
    dropped_records_.add(node.name(), reason, wall_clock_);
}

void GlobalTask::dropped_expired(const std::string& store) {
    dropped_records_.add(store, "record too late for the store's retention", wall_clock_);
}

void GlobalTask::cannot_process(const detail::Node& node) const {
    const bool at_record = record_.topic != nullptr;
    const auto& stores = spec_->global_stores;
    const auto store =
        std::ranges::find(stores, node.name(), &detail::GlobalStoreSpec::processor_node);
    throw ProcessingError("cannot process record of " +
                          (store != stores.end() ? "global store " + store->store.name
                                                 : std::string("a global store")) +
                          ": node " + node.name() +
                          (at_record ? ", topic " + *record_.topic + ", partition " +
                                           std::to_string(record_.partition) + ", offset " +
                                           std::to_string(record_.offset)
                                     : std::string()) +
                          ": " + exception_text());
}

void GlobalTask::processing_failed(const detail::Node& node) {
    try {
        throw;
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::kProcessing || error.kind() == ErrorKind::kState ||
            error.kind() == ErrorKind::kInternal) {
            throw;
        }
        cannot_process(node);
    } catch (...) {
        cannot_process(node);
    }
}

void GlobalTask::serialization_failed(const detail::Node& node, const std::string&) {
    processing_failed(node);
}

}  // namespace millrace::runtime
