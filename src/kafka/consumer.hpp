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
    Offset offset = kFromBeginning;  ///< Of the first record wanted, or one of the above.

    /// Of the record before it, as committed with the offset. With it the log is checked before
    /// anything is read: kOffsetOutOfRange when it was truncated before the offset since, and what
    /// is there now are other records. -1: not known, not checked.
    std::int32_t leader_epoch = -1;
};

/// An offset to commit: that of the next record to process.
struct OffsetCommit {
    TopicPartition partition;
    Offset offset = 0;
    std::int32_t leader_epoch = -1;
    std::string metadata;
};

/// A committed offset as the group coordinator has it; no offset: nothing was committed.
struct CommittedOffset {
    std::optional<Offset> offset;
    std::int32_t leader_epoch = -1;
    std::string metadata;
};

/// Topics by name, or all topics whose whole name matches a regular expression, those made later
/// included.
struct Subscription {
    std::vector<std::string> topics = {};
    std::string pattern = {};  ///< Used when not empty; see TopicMatcher.
};

/// The records fetched from one assigned partition and not yet read.
///
/// Not reading is the way to hold a partition back: the client stops fetching when its queue is
/// full and loses nothing. Lifetime: from the end of the assignment to the unassignment of the
/// partition. Owned by the consumer's thread.
class PartitionQueue {
  public:
    virtual ~PartitionQueue() = default;

    /// Appends up to `max` messages, in offset order, to `out`; returns how many. Never blocks.
    virtual std::size_t read(std::vector<Message>& out, std::size_t max) = 0;

    /// Offset of the record that read() would return next, or would if there were one: control
    /// records and compacted gaps already passed are counted. Nothing before the first fetch.
    virtual std::optional<Offset> position() const = 0;

    /// How many offsets lie between position() and the end (last stable offset under
    /// read_committed), as of the last fetch; nothing while not known. Cheap.
    virtual std::optional<std::int64_t> lag() const = 0;
};

/// Told of what happens to a consumer. All calls are made from within Consumer::poll, or close, on
/// the caller's thread. Must not throw.
class ConsumerListener {
  public:
    virtual ~ConsumerListener() = default;

    /// These partitions are ours in addition to those held. Returns where to begin in each.
    virtual std::vector<StartPosition> on_assigned(
        const std::vector<TopicPartition>& partitions) = 0;

    /// These partitions go to somebody else. Offsets may still be committed, here and now.
    virtual void on_revoked(const std::vector<TopicPartition>& partitions) = 0;

    /// These partitions are somebody else's already. Nothing may be committed for them.
    virtual void on_lost(const std::vector<TopicPartition>& partitions) = 0;

    /// Reading that partition failed: kOffsetOutOfRange above all.
    virtual void on_partition_error(const TopicPartition& partition, const Status& status) = 0;

    /// Anything else: brokers down (retriable), authentication failed, kMaxPollExceeded, ...
    virtual void on_error(const Status& status) = 0;
};

/// The seam to Kafka's consumer.
///
/// A consumer is used in one of two ways: as a member of a group (subscribe; partitions come and
/// go through the listener) or with partitions assigned by hand (assign, unassign), never both.
///
/// Threads: one thread uses it; only wake_up may be called from any.
class Consumer {
  public:
    virtual ~Consumer() = default;

    /// Joins the group given by the client settings. `listener` must outlive the consumer or its
    /// close(). Calling it again replaces the subscription.
    virtual Status subscribe(const Subscription& subscription, ConsumerListener& listener) = 0;

    /// Leaves the group; on_revoked is called from a later poll or from close.
    virtual Status unsubscribe() = 0;

    /// Adds partitions by hand. Errors concerning them are told to `listener`.
    virtual Status assign(std::span<const StartPosition> partitions,
                          ConsumerListener& listener) = 0;
    virtual Status unassign(std::span<const TopicPartition> partitions) = 0;

    /// Serves group membership, listener and errors, and waits up to `timeout` for records: returns
    /// at once when any queue has some that were not there at the last poll, after a listener was
    /// called, or after wake_up. With zero it never waits. A member must be polled at least every
    /// max.poll.interval.ms.
    virtual void poll(std::chrono::milliseconds timeout) = 0;

    /// Ends a poll that waits, or the next one. Thread-safe.
    virtual void wake_up() = 0;

    /// The queue of an assigned partition; null if it is not assigned. From on_assigned's return
    /// on.
    virtual PartitionQueue* queue(const TopicPartition& partition) = 0;

    /// Continues an assigned partition elsewhere; what was fetched is dropped.
    virtual Status seek(const StartPosition& position) = 0;

    /// Commits and waits for the answer.
    virtual Status commit(std::span<const OffsetCommit> offsets,
                          std::chrono::milliseconds timeout) = 0;

    /// What the group has committed, in the order asked. kUnstableOffsets while a transaction on
    /// them is open and the consumer reads committed only.
    virtual Result<std::vector<CommittedOffset>> committed(
        std::span<const TopicPartition> partitions, std::chrono::milliseconds timeout) = 0;

    virtual GroupMetadata group_metadata() const = 0;

    /// True while the group has taken our partitions away and the listener was not yet told.
    virtual bool assignment_lost() const = 0;

    /// Makes the group rebalance soon, through this member joining anew.
    virtual Status request_rebalance() = 0;

    /// Calls the listener for what is still assigned, leaves the group (unless static) and frees
    /// all. Idempotent; bounded by `timeout`. The destructor closes without waiting for the
    /// network.
    virtual void close(std::chrono::milliseconds timeout) = 0;
};

}  // namespace millrace::kafka
