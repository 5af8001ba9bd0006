// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/partition_racks.hpp"
#include "client/client_state.hpp"
#include "client/closer.hpp"
#include "client/driver.hpp"
#include "client/one_at_a_time.hpp"
#include "client/periodic_jobs.hpp"
#include "client/repartition_purger.hpp"
#include "client/thread_runner.hpp"
#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/thread_annotations.hpp"
#include "core/turn_condition.hpp"
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "metrics/registry.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "restore/lag_meter.hpp"
#include "restore/progress_board.hpp"
#include "restore/restorer_pool.hpp"
#include "runtime/global/global_thread.hpp"
#include "runtime/task/batch_limits.hpp"
#include "runtime/thread/internal_topics.hpp"
#include "runtime/thread/start_positions.hpp"
#include "runtime/thread/store_shelf.hpp"
#include "runtime/thread/task_maker.hpp"
#include "state/budget/memory_budget.hpp"
#include "state/task/state_directory.hpp"
#include "topology/sub_topologies.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace millrace {

/// Creates, connects and destroys the runtime components of a client. Thread-safe.
///
/// Everything that threads use is created before the first thread and destroyed after the last.
/// Shutdown, for any reason, happens in one place: end(), which the closer calls.
class KafkaStreams::Implementation {
  public:
    Implementation(const Topology& topology, const StreamsConfig& config,
                   std::shared_ptr<kafka::ClientSupplier> clients);
    ~Implementation();

    void start();
    bool close(const CloseOptions& options);
    void clean_up();

    std::optional<std::string> add_stream_thread();
    std::optional<std::string> remove_stream_thread(std::chrono::milliseconds timeout);
    std::vector<ThreadMetadata> metadata() const;
    std::vector<RestoreProgress> restore_progress() const { return progress_.snapshot(); }
    std::shared_ptr<const detail::StoreReader> reader(const std::string& name) const;

    /// Throws if the client was already started.
    void require_created(const char* what) const;

    client::StateMachine machine;
    UncaughtExceptionHandler uncaught{};
    StateRestoreListener restore_listener{};
    StandbyUpdateListener standby_listener{};
    std::atomic<bool> paused{false};
    metrics::Registry metrics{};

    void wake_up_all() const;

  private:
    using Runner = client::ThreadRunner;

    void make_shared_parts();
    std::unique_ptr<runtime::StreamThread> make_stream_thread(const std::string& name);
    std::shared_ptr<Runner> make_runner();
    std::string next_thread_name() const;
    void make_task_maker();
    void make_global_thread();
    void start_global();
    void start_restoring();
    void make_restorers();
    bool restores() const;
    void start_measuring();
    void start_closing();
    void start_threads();
    std::unique_ptr<client::Driver> drive(const std::string& what, std::vector<Driven*> objects);
    void helper_failed(const std::string& what, const std::exception& error);
    UncaughtDecision decide(const std::exception& error) const;
    bool may_start_threads() const;
    void stop_all();
    void end(ClientState last);
    void finish();
    void on_thread_state();
    void judge_threads();
    void on_fatal();
    void share_memory() const;
    std::shared_ptr<Runner> removable_runner() const;
    void drop_removed();
    std::vector<std::shared_ptr<Runner>> runners() const;

    Topology topology_;
    StreamsConfig config_;
    std::shared_ptr<kafka::ClientSupplier> clients_;
    Clock& clock_;
    restore::ProgressBoard progress_{clock_};
    std::unique_ptr<state::StateDirectory> directory_;  // Null if no store is on disk.
    std::string process_id_;
    std::string client_id_;
    topology::ApplicationTopology application_;
    std::unique_ptr<kafka::Admin> admin_;
    std::unique_ptr<state::MemoryBudget> memory_;
    std::shared_ptr<const runtime::TaskSettings> task_settings_;
    std::unique_ptr<runtime::StartPositions> start_positions_;
    std::unique_ptr<runtime::InternalTopics> internal_topics_;
    std::unique_ptr<assignment::PartitionRacks> racks_;  // Null if there is no rack strategy.
    std::unique_ptr<runtime::BatchLimits> batch_limits_;
    std::unique_ptr<runtime::GlobalThread> global_;  // Null if there are no global stores.
    std::unique_ptr<runtime::TaskMaker> task_maker_;
    std::unique_ptr<runtime::StoreShelf> shelf_;  // After the task maker, which it calls.
    std::unique_ptr<restore::RestorerPool> restorer_;
    std::unique_ptr<restore::LagMeter> lag_meter_;

    std::unique_ptr<client::RepartitionPurger> purger_;
    client::PeriodicJobs jobs_{clock_};
    std::vector<std::unique_ptr<client::Driver>> restoring_;  // The first also drives the jobs.
    std::unique_ptr<client::Driver> updating_global_;         // Drives the global thread.
    std::vector<std::unique_ptr<client::Driver>> closing_;    // Each drives the shelf.
    client::OneAtATime judging_;  // Derives the client's state from the states of the threads.

    // Held while threads are started or stopped, so that none is missed. Recursive, because a
    // listener that is called in between may start another thread.
    std::recursive_mutex starting_;
    std::atomic<std::chrono::milliseconds>
        stop_timeout_;                  // The timeout for the end of a stream thread.
    std::atomic<bool> abandon_{false};  // No commit at the end.
    std::atomic<Runner::Ending> ending_{Runner::Ending::kClose};

    mutable Mutex mutex_;
    mutable TurnCondition ended_;
    std::vector<std::shared_ptr<Runner>> runners_ MILLRACE_GUARDED_BY(mutex_);

    client::Closer closer_;  // The last member: its thread uses all of the above.
};

}  // namespace millrace
