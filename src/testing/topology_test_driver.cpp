// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/topology_test_driver.hpp"

#include "core/clock.hpp"
#include "core/topic_matcher.hpp"
#include "millrace/core/error.hpp"
#include "millrace/detail/serde/serde_checks.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/global/global_task.hpp"
#include "runtime/task/stream_task.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/task_stores.hpp"
#include "testing/driver_collector.hpp"
#include "testing/driver_settings.hpp"
#include "testing/stored_messages.hpp"
#include "testing/temporary_folder.hpp"
#include "topology/sub_topologies.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace millrace::testing {
namespace {

[[noreturn]] void unknown(const std::string& what, const std::string& name) {
    throw Error(ErrorKind::kInvalidArgument,
                "the topology has no " + what + " of that name: " + name);
}

}  // namespace

class TopologyTestDriver::Implementation final : public detail::DriverPort {
  public:
    Implementation(Topology topology, const DriverOptions& options);
    virtual ~Implementation() = default;

    void pipe(BytesRecord record) override;
    Timestamp wall_clock() const override { return clock_.now(); }
    void check_input(const std::string& topic) const override;
    std::optional<BytesRecord> next(const std::string& topic) override;
    std::size_t waiting(const std::string& topic) const override;

    std::vector<BytesRecord> drain() { return std::exchange(produced_, {}); }
    void advance_wall_clock(std::chrono::milliseconds by);
    Timestamp stream_time() const { return task_ ? task_->stream_time() : kNoTimestamp; }
    std::vector<std::string> produced_topics() const;
    std::vector<std::string> store_names() const;
    StateStore* store(const std::string& name);
    void empty_caches();
    std::uint64_t dropped_records() const;
    const std::map<TopicPartition, Offset>& committed() const noexcept { return committed_; }
    void close();

  private:
    std::unique_ptr<state::TaskStores> make_stores(std::vector<millrace::detail::StoreSpec> specs,
                                                   const std::string& name, bool processing);
    void make_task();
    void make_global_task();
    template <class Work>
    void with_serde_checks(const Work& work);
    bool enqueue(BytesRecord record);
    bool matches_pattern(const std::string& topic) const;
    bool reads(const std::string& topic);
    bool update_global(BytesRecord record);
    void work();
    bool commit_is_due() const;
    void commit();
    void deliver_sent();

    millrace::detail::SerdeChecks serde_checks_;
    Topology topology_;
    std::optional<std::size_t> commit_above_bytes_;
    DriverSettings settings_;
    TemporaryFolder folder_;
    ManualClock clock_;
    StoredMessages messages_;
    state::MemoryBudget memory_;
    topology::ApplicationTopology application_;
    topology::SubTopology part_;
    DriverCollector collector_;
    std::vector<std::unique_ptr<StoredPartition>> partitions_;  // By input of the task.
    std::map<std::string, std::size_t> inputs_;
    std::vector<Offset> global_ends_;  // By topic of the global task.
    std::unique_ptr<runtime::GlobalTask>
        global_task_;  // Declared before the task, which reads its stores.
    std::unique_ptr<runtime::GlobalStores> global_stores_;
    std::unique_ptr<runtime::StreamTask> task_;
    std::map<TopicPartition, Offset> committed_;
    std::vector<BytesRecord> produced_;
    std::map<std::string, std::deque<BytesRecord>> by_topic_;
};

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
        unknown("source topic", topic);
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

TopologyTestDriver::TopologyTestDriver(Topology topology, DriverOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(topology), options)) {}
TopologyTestDriver::~TopologyTestDriver() = default;
TopologyTestDriver::TopologyTestDriver(TopologyTestDriver&&) noexcept = default;
TopologyTestDriver& TopologyTestDriver::operator=(TopologyTestDriver&&) noexcept = default;

detail::DriverPort& TopologyTestDriver::port() {
    return *implementation_;
}
void TopologyTestDriver::pipe(BytesRecord record) {
    implementation_->pipe(std::move(record));
}
std::vector<BytesRecord> TopologyTestDriver::drain() {
    return implementation_->drain();
}
void TopologyTestDriver::advance_wall_clock(std::chrono::milliseconds by) {
    implementation_->advance_wall_clock(by);
}
Timestamp TopologyTestDriver::wall_clock() const {
    return implementation_->wall_clock();
}
Timestamp TopologyTestDriver::stream_time() const {
    return implementation_->stream_time();
}
std::vector<std::string> TopologyTestDriver::produced_topics() const {
    return implementation_->produced_topics();
}
std::vector<std::string> TopologyTestDriver::store_names() const {
    return implementation_->store_names();
}
StateStore* TopologyTestDriver::store(const std::string& name) {
    return implementation_->store(name);
}
KeyValueBytesStore& TopologyTestDriver::key_value_store(const std::string& name) {
    auto* found = dynamic_cast<KeyValueBytesStore*>(store(name));
    if (found == nullptr) {
        unknown("key-value store", name);
    }
    return *found;
}
VersionedBytesStore& TopologyTestDriver::versioned_store(const std::string& name) {
    auto* found = dynamic_cast<VersionedBytesStore*>(store(name));
    if (found == nullptr) {
        unknown("versioned store", name);
    }
    return *found;
}
WindowBytesStore& TopologyTestDriver::window_store(const std::string& name) {
    auto* found = dynamic_cast<WindowBytesStore*>(store(name));
    if (found == nullptr) {
        unknown("window store", name);
    }
    return *found;
}

SessionBytesStore& TopologyTestDriver::session_store(const std::string& name) {
    auto* found = dynamic_cast<SessionBytesStore*>(store(name));
    if (found == nullptr) {
        unknown("session store", name);
    }
    return *found;
}
void TopologyTestDriver::empty_caches() {
    implementation_->empty_caches();
}
std::uint64_t TopologyTestDriver::dropped_records() const {
    return implementation_->dropped_records();
}
const std::map<TopicPartition, Offset>& TopologyTestDriver::committed_offsets() const {
    return implementation_->committed();
}
void TopologyTestDriver::close() {
    implementation_->close();
}

}  // namespace millrace::testing
