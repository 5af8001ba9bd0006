// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "testing/embedded/broker/cluster.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace millrace::testing::embedded {

/// One assigned partition of an embedded consumer.
///
/// Looks at the log in refresh, and in read while there is more than was read: a queue that was
/// emptied stays empty until the next poll.
/// Threads: owned by its consumer's thread; methods that say so require the cluster's mutex.
class FetchQueue final : public kafka::PartitionQueue {
  public:
    struct Refreshed {
        bool news = false;     ///< There is something that was not there before.
        kafka::Status status;  ///< Why the partition cannot be read; told once.
    };

    FetchQueue(Cluster& cluster, const kafka::StartPosition& start, kafka::Isolation isolation,
               Waiter& waiter)
        : cluster_(cluster),
          which_(start.partition),
          isolation_(isolation),
          waiter_(waiter),
          next_fetch_(start.offset),
          leader_epoch_(start.leader_epoch) {}

    /// Looks at the log. Requires the mutex.
    Refreshed refresh();

    /// Requires the mutex.
    void seek(Offset offset, std::int32_t leader_epoch);

    /// Must be called before destruction. Requires the mutex.
    void detach();

    std::size_t read(std::vector<kafka::Message>& out, std::size_t max) override;
    std::optional<Offset> position() const override;
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
    Offset next_fetch_;               ///< Or where to begin, until known.
    std::int32_t leader_epoch_;       ///< Of the record before it; -1: not known.
    std::optional<Offset> seen_end_;  ///< Nothing before the first refresh.
    bool failed_ = false;             ///< Out of range or truncated, until the next seek.
    bool told_unknown_ = false;
    bool left_over_ = false;  ///< The last read ended before the records did.
    std::vector<FetchedSlice> slices_;
    std::size_t head_ = 0;  ///< First slice not yet read.
};

}  // namespace millrace::testing::embedded
