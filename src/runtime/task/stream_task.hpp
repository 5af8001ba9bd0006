// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/nodes/task_context.hpp"
#include "runtime/task/dropped_records.hpp"
#include "runtime/task/offset_metadata.hpp"
#include "runtime/task/pace.hpp"
#include "runtime/task/partition_group.hpp"
#include "runtime/task/punctuation_queue.hpp"
#include "runtime/task/store_changelogs.hpp"
#include "runtime/task/task_settings.hpp"
#include "runtime/task/task_state.hpp"
#include "state/task/task_stores.hpp"
#include "topology/sub_topologies.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::topology {
class TaskTopology;
}

namespace millrace::runtime {

/// One sub-topology on one partition: processes records from its input partitions in timestamp
/// order and sends them through its nodes.
///
/// The stream thread drives it. It starts with start_restoring. When stores() are filled from
/// changelogs(), complete_restoration makes it run, and attach assigns a queue to each of inputs().
/// While running: fetch, process and punctuate. A commit is prepare_commit, then Kafka commits the
/// offsets, then post_commit. The task ends with a commit, suspend and close_clean, or at any time
/// with close_dirty.
///
/// Between prepare_commit and post_commit no record may be processed. If Kafka did not commit:
/// prepare_commit again (at-least-once) or close_dirty.
///
/// Threads: owned by its stream thread, except stores() during a restore. Errors: process,
/// punctuate and prepare_commit throw permanent failures: ProcessingError if a handler decides to
/// fail, errors that handlers must not see (StateError, InternalError), and the collector's
/// exceptions. The task must then be closed dirty.
class StreamTask final : public detail::TaskContext, private state::StoreContext {
  public:
    struct Parts {
        TaskId id{};
        const topology::ApplicationTopology* application = nullptr;  ///< Must outlive the task.
        const topology::SubTopology* part = nullptr;  ///< The sub-topology; must outlive the task.
        /// Every topic of the sub-topology that has this partition.
        std::vector<TopicPartition> inputs{};
        std::unique_ptr<state::TaskStores> stores{};  ///< With the specs of `part`, in its order.
        detail::RecordCollector* collector =
            nullptr;  ///< The stream thread's; must outlive the task.
        std::shared_ptr<const TaskSettings> settings{};
        std::shared_ptr<metrics::Counter> dropped{};  ///< Counts dropped records; may be null.

        /// Global stores, readable by every node; null if there are none.
        std::function<StateStore*(const std::string& name)> global_store{};
    };

    /// Creates the nodes. Throws TopologyError if they do not fit together.
    explicit StreamTask(Parts parts);
    ~StreamTask() override;  ///< Like close_dirty(), with errors ignored.

    TaskState state() const noexcept { return state_; }
    state::TaskStores& stores() noexcept { return *stores_; }
    const std::vector<TopicPartition>& inputs() const noexcept { return inputs_; }

    /// The changelogs to restore: those of logged stores.
    const std::vector<StoreChangelog>& changelogs() const noexcept { return changelogs_; }

    /// kCreated → kRestoring.
    void start_restoring();

    /// kRestoring → kRunning: initialises the nodes. `committed` are the group's committed offsets,
    /// in the order of inputs(); they carry partition and processor times across restarts. `now` is
    /// the wall clock. Stream time continues from the commit.
    void complete_restoration(std::span<const kafka::CommittedOffset> committed, Timestamp now);

    /// Adds an input that one of the nodes reads, without a committed offset; returns its index.
    /// For topics that are discovered while the task runs. Records that other inputs have buffered
    /// are kept.
    std::size_t add_input(const TopicPartition& input);

    /// Reads the input with index `input` from `queue` from now on; the queue must live until the
    /// end.
    void attach(std::size_t input, kafka::PartitionQueue& queue);

    /// Fetches messages from the attached queues, up to the limit of buffered records. Returns how
    /// many.
    std::size_t fetch();

    std::size_t buffered() const noexcept { return group_.size(); }

    /// Whether every input is known to have no unprocessed record.
    bool caught_up() const;

    /// Whether process() would process a record at `now`. Also updates since when drained inputs
    /// are waited for.
    bool ready(Timestamp now) { return group_.ready(now); }

    /// How many records to process between two reads of the clock.
    Pace& pace() noexcept { return pace_; }

    /// Processes up to `max` records while ready. `now` is the wall clock for nodes. Returns how
    /// many.
    std::size_t process(std::size_t max, Timestamp now);

    /// Calls the due punctuators, first those of stream time, each at most once. Returns whether
    /// there were any.
    bool punctuate(Timestamp now);
    bool punctuate_stream_time(Timestamp now);
    bool punctuate_wall_clock(Timestamp now);

    /// When the next wall-clock punctuator is due; empty: there is none.
    std::optional<Timestamp> next_wall_clock_punctuation() const {
        return wall_clock_punctuations_.next();
    }

    /// A node has requested a commit since the last one.
    bool commit_requested() const noexcept { return commit_requested_; }

    /// There are changes since the last commit.
    bool commit_needed() const;

    /// Commit, step 1: flushes the caches, which may forward records, and appends the offsets to
    /// commit. The caller then flushes the producer (at-least-once) and commits the offsets of all
    /// its tasks.
    void prepare_commit(std::vector<kafka::OffsetCommit>& offsets);

    /// Commit, step 2, after Kafka has committed: the stores may persist their writes.
    void post_commit();

    /// Replaces a commit if none is needed: see TaskStores::keep_current.
    void keep_state_current();

    /// Stops processing and closes the nodes: any of kCreated, kRestoring, kRunning → kSuspended.
    /// Frees buffered records. Idempotent.
    void suspend();

    /// kSuspended → kClosed. Requires that everything is committed.
    void close_clean();

    /// Any state → kClosed; drops uncommitted changes.
    void close_dirty();

    /// The same, but returns the stores, as of the last commit, for the caller to close, possibly
    /// in another thread. Null if they are closed, because they cannot be rolled back.
    std::unique_ptr<state::TaskStores> close_dirty_releasing_stores();

    /// The same, but returns the stores of a running task, open and as of the last commit, for the
    /// next task of the same id. Null if they are closed, because they cannot be rolled back or are
    /// being restored.
    std::unique_ptr<state::TaskStores> close_keeping_stores();

    /// kSuspended → kClosed. Requires that everything is committed. Returns the stores, open and
    /// ready to be restored further, because another member runs the task. Null if they are closed,
    /// because they cannot be rolled back.
    std::unique_ptr<state::TaskStores> close_releasing_stores();

    /// Number of dropped records (nulls that the types do not allow, late records, skipped
    /// unreadable records).
    std::uint64_t dropped_records() const noexcept { return dropped_records_.count(); }

    /// Whether a handler has caused dead letters.
    bool sent_dead_letters() const noexcept { return sent_dead_letters_; }

    /// Adds the source record that is being processed, if any.
    void describe_source(ErrorContext& context) const;

    // TaskContext
    const std::string& application_id() const override { return settings_->application_id; }
    TaskId task_id() const override { return id_; }
    std::string setting(std::string_view name) const override { return settings_->setting(name); }
    detail::RecordCollector& collector() override { return *collector_; }
    StateStore& store(const detail::Node& node, const std::string& name) override;
    Cancellable schedule(const detail::Node& node, const PunctuationSchedule& schedule,
                         Punctuator punctuator) override;
    void request_commit() override { commit_requested_ = true; }
    void dropped(const detail::Node& node, std::string_view reason) override;
    void processing_failed(const detail::Node& node) override;
    void serialization_failed(const detail::Node& node, const std::string& topic) override;
    Timestamp processor_time(const std::string& store) const override;
    void set_processor_time(const std::string& store, Timestamp time) override;

  private:
    // One logged store, by its index.
    struct Backup {
        detail::SinkTopic topic;
        Offset acknowledged = -1;            // Of the last acknowledged changelog record.
        std::optional<std::size_t> input{};  // Instead: the source topic that serves as changelog.
        bool logged = false;
    };

    std::vector<std::size_t> stores_behind() const;

    // StoreContext
    const detail::RecordContext& record() const override { return record_; }
    void log_change(std::size_t store, BytesView key, const NullableBytes& value,
                    std::optional<Timestamp> timestamp, const Headers* headers) override;
    void dropped_expired(const std::string& store) override;

    class SkippedRecords;  // Called by one queue for the records that it skips.

    void make_nodes();
    void make_queue(const TopicPartition& input);
    void make_backups();
    void init_node(detail::Node& node);
    void drop_uncommitted();
    void close_node(detail::Node& node) const;
    void close_nodes();
    void process_head();
    void expect_records(const RecordQueue& queue) const;
    bool run(PunctuationQueue& queue, Timestamp time);
    std::optional<Offset> position(std::size_t input) const;
    ErrorContext error_context(std::string_view node) const;
    void ask_processing_handler(const detail::Node& node, const std::exception& error);
    void act_on(const ErrorResponse& response, std::string_view what, const ErrorContext& context,
                const std::exception& error);

    TaskId id_;
    const topology::ApplicationTopology* application_;
    const topology::SubTopology* part_;
    std::vector<TopicPartition> inputs_;
    std::shared_ptr<const TaskSettings> settings_;
    detail::RecordCollector* collector_;
    std::function<StateStore*(const std::string&)> global_store_;
    std::unique_ptr<state::TaskStores> stores_;
    std::unique_ptr<topology::TaskTopology> nodes_;
    std::vector<std::unique_ptr<SkippedRecords>> skipped_records_;  // By input.
    PartitionGroup group_;
    Pace pace_;
    PunctuationQueue stream_time_punctuations_;
    PunctuationQueue wall_clock_punctuations_;
    std::vector<Backup> backups_;  // By store.
    std::vector<StoreChangelog> changelogs_;
    ProcessorTimes processor_times_;
    std::vector<std::optional<Offset>> committed_;   // By input: the group's committed offset.
    std::vector<std::optional<Offset>> committing_;  // By input: the offset from prepare_commit.
    TaskState state_ = TaskState::kCreated;
    std::size_t nodes_open_ = 0;  // The number of initialised nodes, from the first.
    bool commit_requested_ = false;
    bool changed_ = false;  // There are changes other than offsets.
    bool sent_dead_letters_ = false;
    DroppedRecords dropped_records_;
    Headers no_headers_;  // Of punctuators.
};

}  // namespace millrace::runtime
