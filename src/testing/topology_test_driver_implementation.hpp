// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "millrace/detail/serde/serde_checks.hpp"
#include "millrace/testing/topology_test_driver.hpp"
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

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::testing {

/// Runs a topology, including its global stores, as one task on one thread without a broker. A
/// record that the task sends to one of its own topics is processed at once.
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

/// Throws the error that the topology does not contain a name.
[[noreturn]] void unknown_name(const std::string& what, const std::string& name);

}  // namespace millrace::testing
