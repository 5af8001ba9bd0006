// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/group.hpp"
#include "kafka/message.hpp"
#include "kafka/status.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::kafka {

/// Logical start positions, for StartPosition::offset.
inline constexpr Offset kFromBeginning = -2;
inline constexpr Offset kFromEnd = -1;

struct StartPosition {
    TopicPartition partition;
    Offset offset = kFromBeginning;  ///< Of the first record to read, or one of the above.

    /// The leader epoch of the previous record, as committed with the offset. If it is set, the log
    /// is checked before reading: kOffsetOutOfRange if the log was truncated before the offset
    /// since, so that the offset now belongs to other records. -1: unknown, not checked.
    std::int32_t leader_epoch = -1;
};

/// An offset to commit: that of the next record to process.
struct OffsetCommit {
    TopicPartition partition;
    Offset offset = 0;
    std::int32_t leader_epoch = -1;
    std::string metadata;
};

/// A committed offset from the group coordinator. No offset: nothing was committed.
struct CommittedOffset {
    std::optional<Offset> offset;
    std::int32_t leader_epoch = -1;
    std::string metadata;
};

/// Topics by name, or all topics whose whole name matches a regular expression, including topics
/// that are created later.
struct Subscription {
    std::vector<std::string> topics = {};
    std::string pattern = {};  ///< Used if not empty; see TopicMatcher.
};

/// The fetched and unread records of one assigned partition.
///
/// To pause a partition, do not read its queue: the client stops fetching when the queue is full
/// and loses no records. Valid from the end of the assignment until the partition is unassigned.
/// Owned by the consumer's thread.
class PartitionQueue {
  public:
    virtual ~PartitionQueue() = default;

    /// Appends up to `max` messages, in offset order, to `out` and returns their number. Never
    /// blocks.
    virtual std::size_t read(std::vector<Message>& out, std::size_t max) = 0;

    /// The offset of the record that read() would return next. Control records and compacted gaps
    /// before it are skipped. Empty before the first fetch.
    virtual std::optional<Offset> position() const = 0;

    /// The number of offsets between position() and the end (the last stable offset under
    /// read_committed), as of the last fetch; empty if unknown. Cheap.
    virtual std::optional<std::int64_t> lag() const = 0;

    /// The leader epoch of the last record or control record before position(), to be committed
    /// with it; -1: unknown. It is unknown if compaction removed what was there.
    virtual std::int32_t leader_epoch() const { return -1; }
};

/// Receives the events of a consumer. All calls are made from Consumer::poll or close, on the
/// caller's thread. Must not throw.
class ConsumerListener {
  public:
    virtual ~ConsumerListener() = default;

    /// These partitions were assigned in addition to the current ones. Returns their start
    /// positions. A partition without one waits at its end until seek().
    virtual std::vector<StartPosition> on_assigned(
        const std::vector<TopicPartition>& partitions) = 0;

    /// These partitions will be assigned to other members. This call may still commit their
    /// offsets.
    virtual void on_revoked(const std::vector<TopicPartition>& partitions) = 0;

    /// These partitions already belong to other members. No offsets may be committed for them.
    virtual void on_lost(const std::vector<TopicPartition>& partitions) = 0;

    /// Reading that partition failed, usually with kOffsetOutOfRange.
    virtual void on_partition_error(const TopicPartition& partition, const Status& status) = 0;

    /// Other errors: brokers down (retriable), authentication failed, kMaxPollExceeded, ...
    virtual void on_error(const Status& status) = 0;
};

/// The interface to Kafka's consumer.
///
/// A consumer is used in one of two ways, never both: as a member of a group (subscribe; the
/// listener gets partitions), or with manually assigned partitions (assign, unassign).
///
/// Threads: used by one thread, except wake_up().
class Consumer {
  public:
    virtual ~Consumer() = default;

    /// Joins the group of the client settings. `listener` must outlive the consumer or its close().
    /// A second call replaces the subscription.
    virtual Status subscribe(const Subscription& subscription, ConsumerListener& listener) = 0;

    /// Leaves the group, also as a static member. A later poll calls on_revoked, and the member id
    /// is empty when the group has been left.
    virtual Status unsubscribe() = 0;

    /// Adds manually assigned partitions. `listener` receives their errors.
    virtual Status assign(std::span<const StartPosition> partitions,
                          ConsumerListener& listener) = 0;
    virtual Status unassign(std::span<const TopicPartition> partitions) = 0;

    /// Serves group membership, listener and errors, and waits up to `timeout` for records. Returns
    /// at once if a queue has records that it did not have at the last poll, after a listener call,
    /// or after wake_up. With zero it never waits. A member must be polled at least every
    /// max.poll.interval.ms.
    virtual void poll(std::chrono::milliseconds timeout) = 0;

    /// Wakes up the current poll, or the next one. Thread-safe.
    virtual void wake_up() = 0;

    /// The queue of an assigned partition, available when on_assigned has returned; null if the
    /// partition is not assigned.
    virtual PartitionQueue* queue(const TopicPartition& partition) = 0;

    /// Continues an assigned partition at another offset and drops its fetched records.
    virtual Status seek(const StartPosition& position) = 0;

    /// Commits and waits for the response.
    virtual Status commit(std::span<const OffsetCommit> offsets,
                          std::chrono::milliseconds timeout) = 0;

    /// The group's committed offsets, in the requested order. kUnstableOffsets while a transaction
    /// on them is open and the consumer has isolation level read_committed.
    virtual Result<std::vector<CommittedOffset>> committed(
        std::span<const TopicPartition> partitions, std::chrono::milliseconds timeout) = 0;

    virtual GroupMetadata group_metadata() const = 0;

    /// True if the group has taken the partitions away and the listener was not called yet.
    virtual bool assignment_lost() const = 0;

    /// Triggers a rebalance: this member rejoins the group.
    virtual Status request_rebalance() = 0;

    /// Calls the listener for all assigned partitions, leaves the group (unless static) and frees
    /// all resources. Idempotent; takes at most `timeout`. The destructor does not leave the
    /// group and does not wait for the network: the member ends as in a crash, and the group
    /// removes it when its session times out.
    virtual void close(std::chrono::milliseconds timeout) = 0;
};

}  // namespace millrace::kafka
