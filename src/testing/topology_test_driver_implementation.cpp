// SPDX-License-Identifier: Apache-2.0
#include "testing/topology_test_driver_implementation.hpp"

#include "core/topic_matcher.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::testing {

void unknown_name(const std::string& what, const std::string& name) {
    throw Error(ErrorKind::kInvalidArgument,
                "the topology has no " + what + " of that name: " + name);
}

TopologyTestDriver::Implementation::Implementation(Topology topology, const DriverOptions& options)
    : topology_(std::move(topology)),
      commit_above_bytes_(options.commit_above_bytes),
      settings_(driver_settings(topology_, options)),
      folder_(options.state_directory),
      clock_(options.wall_clock),
      memory_(settings_.memory),
      application_(topology::split(topology_.spec(), settings_.task->application_id)),
      part_(topology::as_one_part(topology_.spec(), settings_.task->application_id)) {
    make_global_task();
    make_task();
}

std::unique_ptr<state::TaskStores> TopologyTestDriver::Implementation::make_stores(
    std::vector<millrace::detail::StoreSpec> specs, const std::string& name, bool processing) {
    return std::make_unique<state::TaskStores>(
        state::TaskStores::Options{.directory = specs.empty() ? "" : folder_.path() / name,
                                   .name = name,
                                   .specs = std::move(specs),
                                   .default_engine = settings_.engine,
                                   .dsl_headers = settings_.dsl_headers,
                                   .processing = processing},
        memory_);
}

void TopologyTestDriver::Implementation::make_global_task() {
    std::vector<millrace::detail::StoreSpec> specs;
    for (const auto& global : topology_.spec().global_stores) {
        specs.push_back(global.store);
    }
    if (specs.empty()) {
        return;
    }
    const std::size_t count = specs.size();
    global_task_ = std::make_unique<runtime::GlobalTask>(
        application_, make_stores(std::move(specs), "global", false), settings_.task);
    for (std::size_t store = 0; store < count; ++store) {
        global_task_->stores().finish_restore(store, std::nullopt);
    }
    global_ends_.assign(count, 0);
    global_stores_ = std::make_unique<runtime::GlobalStores>(global_task_->stores(),
                                                             topology_.spec().global_stores);
    global_task_->start(clock_.now());
}

void TopologyTestDriver::Implementation::make_task() {
    if (part_.nodes.empty()) {
        return;
    }
    runtime::StreamTask::Parts parts{.id = {0, 0},
                                     .application = &application_,
                                     .part = &part_,
                                     .collector = &collector_,
                                     .settings = settings_.task};
    for (const std::string& topic : part_.source_topics) {
        if (inputs_.try_emplace(topic, parts.inputs.size()).second) {
            parts.inputs.push_back({topic, 0});
        }
    }
    std::vector<millrace::detail::StoreSpec> specs;
    specs.reserve(part_.stores.size());
    for (const std::size_t store : part_.stores) {
        specs.push_back(topology_.spec().stores[store]);
    }
    parts.stores = make_stores(std::move(specs), "0_0", true);
    if (global_task_) {
        parts.global_store = [views = global_stores_->views()](const std::string& name) {
            return views->find(name);
        };
    }
    const std::size_t inputs = parts.inputs.size();
    task_ = std::make_unique<runtime::StreamTask>(std::move(parts));
    task_->start_restoring();
    for (std::size_t store = 0; store < part_.stores.size(); ++store) {
        task_->stores().finish_restore(store, std::nullopt);
    }
    task_->complete_restoration(std::vector<kafka::CommittedOffset>(inputs), clock_.now());
    for (std::size_t input = 0; input < inputs; ++input) {
        partitions_.push_back(std::make_unique<StoredPartition>(messages_));
        task_->attach(input, *partitions_.back());
    }
}

void TopologyTestDriver::Implementation::check_input(const std::string& topic) const {
    const bool global = global_task_ && std::count(global_task_->topics().begin(),
                                                   global_task_->topics().end(), topic) != 0;
    if (!inputs_.contains(topic) && !global && !matches_pattern(topic)) {
        unknown_name("source topic", topic);
    }
}

bool TopologyTestDriver::Implementation::matches_pattern(const std::string& topic) const {
    return std::any_of(
        part_.source_patterns.begin(), part_.source_patterns.end(),
        [&](const std::string& pattern) { return TopicMatcher(pattern).matches(topic); });
}

/// Whether the task reads that topic. A topic that matches a pattern becomes an input with its
/// first record.
bool TopologyTestDriver::Implementation::reads(const std::string& topic) {
    if (!inputs_.contains(topic) && matches_pattern(topic)) {
        const std::size_t input = task_->add_input({topic, 0});
        inputs_.emplace(topic, input);
        partitions_.push_back(std::make_unique<StoredPartition>(messages_));
        task_->attach(input, *partitions_.back());
    }
    return inputs_.contains(topic);
}

void TopologyTestDriver::Implementation::pipe(BytesRecord record) {
    check_input(record.topic);
    if (!record.timestamp) {
        record.timestamp = clock_.now();
    }
    with_serde_checks([&] {
        if (reads(record.topic)) {
            enqueue(record);
            work();
        }
        update_global(std::move(record));
    });
}

// A serde that mixes records is a bug of the application, whatever a handler decides about the
// resulting errors.
template <class Work>
void TopologyTestDriver::Implementation::with_serde_checks(const Work& work) {
    const millrace::detail::SerdeChecks::Scope scope(&serde_checks_);
    try {
        work();
    } catch (const std::exception&) {
        if (const auto finding = serde_checks_.take_finding()) {
            throw TopologyError(*finding);
        }
        throw;
    }
    if (const auto finding = serde_checks_.take_finding()) {
        throw TopologyError(*finding);
    }
}

bool TopologyTestDriver::Implementation::enqueue(BytesRecord record) {
    const auto input = inputs_.find(record.topic);
    if (input == inputs_.end()) {
        return false;
    }
    partitions_[input->second]->append(std::move(record));
    // One at a time, because the order in which partitions become non-empty decides between equal
    // times.
    task_->fetch();
    return true;
}

bool TopologyTestDriver::Implementation::update_global(BytesRecord record) {
    if (!global_task_) {
        return false;
    }
    const auto& topics = global_task_->topics();
    bool any = false;
    for (std::size_t topic = 0; topic < topics.size(); ++topic) {
        if (topics[topic] == record.topic) {
            const Offset offset = global_ends_[topic]++;
            const kafka::Message message = messages_.make(record, offset);
            global_task_->update(topic, 0, message, clock_.now());
            std::vector<std::optional<Offset>> offsets(topics.size());
            offsets[topic] = offset;
            global_task_->stores().commit(offsets);
            any = true;
        }
    }
    return any;
}

void TopologyTestDriver::Implementation::advance_wall_clock(std::chrono::milliseconds by) {
    clock_.advance(by);
    if (task_) {
        with_serde_checks([&] {
            task_->punctuate_wall_clock(clock_.now());
            commit();
            work();
        });
    }
}

void TopologyTestDriver::Implementation::work() {
    deliver_sent();
    while (task_->buffered() != 0 && task_->process(1, clock_.now()) != 0) {
        task_->punctuate_stream_time(clock_.now());
        if (commit_is_due()) {
            commit();
        }
        deliver_sent();
    }
}

bool TopologyTestDriver::Implementation::commit_is_due() const {
    return !commit_above_bytes_ || task_->stores().uncommitted_bytes() > *commit_above_bytes_;
}

void TopologyTestDriver::Implementation::commit() {
    std::vector<kafka::OffsetCommit> offsets;
    task_->prepare_commit(offsets);
    for (const kafka::OffsetCommit& offset : offsets) {
        committed_.insert_or_assign(offset.partition, offset.offset);
    }
    task_->post_commit();
}

void TopologyTestDriver::Implementation::deliver_sent() {
    for (BytesRecord& record : collector_.take()) {
        produced_.push_back(record);
        by_topic_[record.topic].push_back(record);
        if (reads(record.topic)) {
            enqueue(record);
        }
        update_global(std::move(record));
    }
}

std::optional<BytesRecord> TopologyTestDriver::Implementation::next(const std::string& topic) {
    const auto found = by_topic_.find(topic);
    if (found == by_topic_.end() || found->second.empty()) {
        return std::nullopt;
    }
    BytesRecord record = std::move(found->second.front());
    found->second.pop_front();
    return record;
}

std::size_t TopologyTestDriver::Implementation::waiting(const std::string& topic) const {
    const auto found = by_topic_.find(topic);
    return found == by_topic_.end() ? 0 : found->second.size();
}

std::vector<std::string> TopologyTestDriver::Implementation::produced_topics() const {
    std::vector<std::string> names;
    names.reserve(by_topic_.size());
    for (const auto& [name, records] : by_topic_) {
        names.push_back(name);
    }
    return names;
}

std::vector<std::string> TopologyTestDriver::Implementation::store_names() const {
    std::set<std::string> names;
    for (const std::size_t store : part_.stores) {
        names.insert(topology_.spec().stores[store].name);
    }
    for (const auto& global : topology_.spec().global_stores) {
        names.insert(global.store.name);
    }
    return {names.begin(), names.end()};
}

StateStore* TopologyTestDriver::Implementation::store(const std::string& name) {
    if (task_) {
        if (StateStore* found = task_->stores().store(name)) {
            return found;
        }
    }
    return global_task_ ? global_task_->stores().store(name) : nullptr;
}

void TopologyTestDriver::Implementation::empty_caches() {
    if (task_) {
        task_->stores().evict_flushed();
    }
}

std::uint64_t TopologyTestDriver::Implementation::dropped_records() const {
    return (task_ ? task_->dropped_records() : 0) +
           (global_task_ ? global_task_->dropped_records() : 0);
}

void TopologyTestDriver::Implementation::close() {
    if (task_) {
        task_->suspend();
        task_->close_clean();
        task_.reset();
    }
    if (global_task_) {
        global_task_->close();
        global_stores_.reset();
        global_task_.reset();
    }
}

}  // namespace millrace::testing
