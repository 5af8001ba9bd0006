// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "kafka/status.hpp"
#include "millrace/core/topic_partition.hpp"
#include "testing/embedded/log/record_batch.hpp"
#include "testing/embedded/log/topic_settings.hpp"
#include "testing/embedded/log/waiter.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::testing::embedded {

/// The producer of an append; producer id -1 if it is not idempotent.
struct ProducerStamp {
    std::int64_t producer_id = -1;
    std::int16_t epoch = -1;
    std::int32_t sequence = 0;  ///< Of the batch's first record, in this partition and epoch.
    bool transactional = false;
};

/// The content of a log at some offsets: a batch, or the marker that ends a transaction.
struct LogEntry {
    enum class Kind : std::uint8_t {
        kPlain,
        kTransactional,  ///< Of an open or committed transaction.
        kAborted,
        kMarker,
    };

    BatchRef batch;  ///< Null for a marker.
    Offset base = 0;
    Offset last = 0;
    std::int64_t producer_id = -1;
    Kind kind = Kind::kPlain;
    std::int64_t max_timestamp = -1;

    /// When tombstones may be deleted; set by their first compaction.
    std::optional<std::int64_t> tombstones_until;
};

/// The unread records of one batch that a reader has fetched: entries next to end.
struct FetchedSlice {
    BatchRef batch;
    Offset base = 0;
    std::uint32_t next = 0;
    std::uint32_t end = 0;
    std::int32_t leader_epoch = 0;
};

/// The log of one partition: batches and transaction markers by offset.
///
///     start()              last_stable()         end()
///       │                       │                  │
///   ────┼───┬───┬────┬───┬───┬──┼────┬─────┬───────┼
///   gone│ B │ B │ B  │ M │ B │  │ B? │ B   │ B?    │       B batch, M marker, ? transaction open
///
/// Invariants: entries are in offset order and do not overlap; compaction leaves gaps in the
/// offsets. No entry crosses last_stable(). Threads: guarded by the cluster's mutex; batches may be
/// read without it.
class PartitionLog {
  public:
    PartitionLog(TopicPartition which, std::shared_ptr<const TopicSettings> settings)
        : which_(std::move(which)), settings_(std::move(settings)) {}

    const TopicPartition& which() const noexcept { return which_; }
    Offset start() const noexcept { return start_; }
    Offset end() const noexcept { return end_; }

    /// First offset of the oldest open transaction, or end().
    Offset last_stable() const noexcept;
    Offset end_for(kafka::Isolation isolation) const noexcept {
        return isolation == kafka::Isolation::kReadCommitted ? last_stable() : end_;
    }

    /// Appends and returns the first record's offset. A batch that this producer has already
    /// appended is not appended again: its earlier offset is returned. Errors: kMessageTooLarge,
    /// kInvalidRecord (no key on a compacted topic).
    kafka::Result<Offset> append(const BatchRef& batch, const ProducerStamp& stamp,
                                 std::int64_t now);

    /// Ends the producer's open transaction in this partition with a marker, which has an offset.
    void end_transaction(std::int64_t producer_id, bool commit, std::int64_t now);

    /// Appends slices from `from` on to `out` until they contain about `max_bytes`, but at least
    /// one if there is any. Returns the next offset to read. Requires start() <= from.
    Offset fetch(Offset from, kafka::Isolation isolation, std::size_t max_bytes,
                 std::vector<FetchedSlice>& out) const;

    /// Deletes everything before `offset`.
    void delete_before(Offset offset);

    /// Truncates the log at `offset`, as under a new leader without these records: the leader epoch
    /// increases. As in Kafka, batches are removed as a whole. Requires start() <= offset <= end().
    void truncate(Offset offset);

    /// The end offset of that leader epoch and all earlier ones; -1 for an unknown epoch.
    Offset end_of_epoch(std::int32_t epoch) const noexcept;

    /// The leader epoch of the record before `offset`; -1 if there never was one.
    std::int32_t epoch_before(Offset offset) const noexcept;

    /// Applies the topic's retention.
    void apply_retention(std::int64_t now);

    /// Keeps the last record of each key below the last stable offset, and removes aborted records,
    /// markers and expired tombstones.
    void compact(std::int64_t now);

    const std::deque<LogEntry>& entries() const noexcept { return entries_; }
    const TopicSettings& settings() const noexcept { return *settings_; }

    /// Notified when new records can be read.
    void add_watcher(Waiter& waiter) { watchers_.push_back(&waiter); }
    void remove_watcher(Waiter& waiter) { std::erase(watchers_, &waiter); }
    void notify_watchers() {
        for (Waiter* waiter : watchers_) {
            waiter->notify();
        }
    }

  private:
    struct Appended {
        std::int16_t epoch = -1;
        std::int32_t sequence = 0;
        Offset base = 0;
    };

    kafka::Status check(const RecordBatch& batch) const;
    const Appended* find_duplicate(const ProducerStamp& stamp) const;
    void remember(const ProducerStamp& stamp, Offset base);
    void recount_bytes();
    void compact_if_dirty(std::int64_t now);

    const TopicPartition which_;
    const std::shared_ptr<const TopicSettings> settings_;
    std::deque<LogEntry> entries_;
    Offset start_ = 0;
    Offset end_ = 0;
    std::vector<Offset> epoch_starts_{0};  ///< By leader epoch.
    std::size_t bytes_ = 0;
    std::size_t dirty_bytes_ = 0;  ///< Appended since the last compaction.

    std::map<std::int64_t, Offset> open_transactions_;  ///< Producer id to first offset.
    /// By producer id: against duplicates. Small, because no entry is deleted.
    std::map<std::int64_t, std::vector<Appended>> recent_;
    std::vector<Waiter*> watchers_;
};

}  // namespace millrace::testing::embedded
