// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "testing/embedded/broker/cluster.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace millrace::testing::embedded {

/// An assigned partition of an embedded consumer.
///
/// Reads the log in refresh, and in read while earlier records are unread: an empty queue stays
/// empty until the next poll. Threads: owned by its consumer's thread; methods that say so require
/// the cluster's mutex.
class FetchQueue final : public kafka::PartitionQueue {
  public:
    struct Refreshed {
        bool news = false;     ///< There are new records.
        kafka::Status status;  ///< Why the partition cannot be read; reported once.
    };

    FetchQueue(Cluster& cluster, const kafka::StartPosition& start, kafka::Isolation isolation,
               Waiter& waiter)
        : cluster_(cluster),
          which_(start.partition),
          isolation_(isolation),
          waiter_(waiter),
          next_fetch_(start.offset),
          leader_epoch_(start.leader_epoch) {}

    /// Reads the log. Requires the mutex.
    Refreshed refresh();

    /// Requires the mutex.
    void seek(Offset offset, std::int32_t leader_epoch);

    /// Must be called before destruction. Requires the mutex.
    void detach();

    std::size_t read(std::vector<kafka::Message>& out, std::size_t max) override;
    std::optional<Offset> position() const override;
    std::int32_t leader_epoch() const override;
    std::optional<std::int64_t> lag() const override;

  private:
    bool attach();
    std::size_t read_until(std::vector<kafka::Message>& out, std::size_t max);
    bool out_of_range() const;
    bool truncated() const;
    kafka::Status failure_to_read() const;
    void fill();
    std::size_t take(FetchedSlice& slice, std::vector<kafka::Message>& out, std::size_t max);

    Cluster& cluster_;
    const TopicPartition which_;
    const kafka::Isolation isolation_;
    Waiter& waiter_;
    std::shared_ptr<Topic> topic_;
    std::shared_ptr<PartitionLog> log_;
    Offset next_fetch_;               ///< The offset, or the start position until it is known.
    std::int32_t leader_epoch_;       ///< Of the previous record; -1: unknown.
    std::optional<Offset> seen_end_;  ///< Empty before the first refresh.
    bool failed_ = false;             ///< Out of range or truncated, until the next seek.
    bool told_unknown_ = false;
    bool left_over_ = false;  ///< The last read stopped before the last record.
    std::vector<FetchedSlice> slices_;
    std::size_t head_ = 0;  ///< First unread slice.
};

}  // namespace millrace::testing::embedded
