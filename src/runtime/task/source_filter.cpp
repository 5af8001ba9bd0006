// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/source_filter.hpp"

#include "core/check.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/nodes/source_input.hpp"
#include "millrace/detail/nodes/task_context.hpp"
#include "topology/task_topology.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace::runtime {

namespace {

class SourceFilter final : private detail::TaskContext {
  public:
    SourceFilter(const topology::ApplicationTopology& application,
                 std::shared_ptr<const TaskSettings> settings, TaskId task,
                 TopicPartition partition, std::string store)
        : settings_(std::move(settings)),
          task_(task),
          partition_(std::move(partition)),
          store_(std::move(store)),
          nodes_(
              source_of(application, settings_->application_id, partition_.topic, to_string(task))),
          input_(nodes_.sources().front().inputs->make_input()) {
        source().init(*this);
    }

    std::optional<Timestamp> operator()(const kafka::Message& message, const Headers& headers) {
        const detail::SourceRecord record{.raw = &message.record(),
                                          .partition = partition_.partition,
                                          .topic = &partition_.topic,
                                          .headers = &headers};
        // The time of processing is unknown; for a wall-clock policy this is the closest.
        wall_clock_ = std::max(message.timestamp(), Timestamp{});
        Timestamp time;
        try {
            time = input_->decode(record, partition_time_);
        } catch (const SerdeError& error) {
            ask_handler(record, error);
            return std::nullopt;
        }
        if (time < Timestamp{}) {
            return std::nullopt;
        }
        partition_time_ = std::max(partition_time_, time);
        return time;
    }

  private:
    static topology::TaskTopology source_of(const topology::ApplicationTopology& application,
                                            const std::string& application_id,
                                            const std::string& topic, const std::string& task) {
        const detail::TopologySpec& spec = *application.spec;
        const std::string prefix = application_id + "-";
        const auto reads = [&](const detail::NodeSpec& node) {
            return std::any_of(node.topics.begin(), node.topics.end(), [&](const auto& each) {
                return each == topic || prefix + each == topic;
            });
        };
        for (std::size_t node = 0; node < spec.nodes.size(); ++node) {
            if (spec.nodes[node].kind == detail::NodeKind::kSource && reads(spec.nodes[node])) {
                return topology::make_task_topology(spec, std::span(&node, 1), task);
            }
        }
        throw InternalError("no source reads the topic that restores a store: " + topic);
    }

    detail::Node& source() { return *nodes_.sources().front().node; }

    void ask_handler(const detail::SourceRecord& record, const SerdeError& error) {
        const ErrorContext context{.task = task_,
                                   .node = source().name(),
                                   .topic = partition_.topic,
                                   .partition = partition_.partition,
                                   .offset = record.offset(),
                                   .timestamp = record.timestamp(),
                                   .headers = record.headers,
                                   .source_key = record.key(),
                                   .source_value = record.value(),
                                   .dead_letter_topic = settings_->dead_letter_topic};
        if (settings_->deserialization_handler(context, error).decision == ErrorDecision::kResume) {
            return;
        }
        throw ProcessingError(
            "cannot read record while restoring store " + store_ +
            " from its source topic: topic " + partition_.topic + ", partition " +
            std::to_string(partition_.partition) + ", offset " + std::to_string(record.offset()) +
            ", task " + to_string(task_) +
            "; deserialization.exception.handler=continue skips it: " + error.what());
    }

    // TaskContext: a source that only deserialises needs settings and the clock.
    const std::string& application_id() const override { return settings_->application_id; }
    TaskId task_id() const override { return task_; }
    std::string setting(std::string_view name) const override { return settings_->setting(name); }
    detail::RecordCollector& collector() override { only_decodes(); }
    StateStore& store(const detail::Node&, const std::string&) override { only_decodes(); }
    Cancellable schedule(const detail::Node&, const PunctuationSchedule&, Punctuator) override {
        only_decodes();
    }
    void request_commit() override {}
    void dropped(const detail::Node&, std::string_view) override {}
    void processing_failed(const detail::Node&) override { throw; }
    void serialization_failed(const detail::Node&, const std::string&) override { throw; }
    Timestamp processor_time(const std::string&) const override { return kNoTimestamp; }
    void set_processor_time(const std::string&, Timestamp) override {}

    [[noreturn]] static void only_decodes() {
        throw InternalError("a source only deserialises records while a store is restored");
    }

    std::shared_ptr<const TaskSettings> settings_;
    TaskId task_;
    TopicPartition partition_;
    std::string store_;
    topology::TaskTopology nodes_;
    std::unique_ptr<detail::SourceInput> input_;
    Timestamp partition_time_{};  // Initially unknown: processing knew a time if it needed one.
};

}  // namespace

restore::RestoreFilter make_source_filter(const topology::ApplicationTopology& application,
                                          std::shared_ptr<const TaskSettings> settings, TaskId task,
                                          TopicPartition topic, std::string store) {
    auto filter = std::make_shared<SourceFilter>(application, std::move(settings), task,
                                                 std::move(topic), std::move(store));
    return [filter = std::move(filter)](const kafka::Message& message, const Headers& headers) {
        return (*filter)(message, headers);
    };
}

}  // namespace millrace::runtime
