// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "kafka/producer.hpp"
#include "runtime/task/batch_limits.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace millrace::runtime {

/// How large a producer may make its batches, so that topics refuse nothing but records that are
/// too large themselves.
///
/// A broker refuses a batch as a whole, and librdkafka does not split it. But it sends a record
/// larger than batch.size alone: with batch.size at most the max.message.bytes of every topic, the
/// neighbours of such a record are safe. The sizes that are compared are those before compression,
/// which makes no batch larger. Only ever becomes smaller.
///
/// Not thread-safe: owned by its collector.
class BatchSize {
  public:
    /// `settings` are the user's. `limits` may be null: the size is then as they say; it must
    /// outlive this.
    BatchSize(const kafka::ClientSettings& settings, BatchLimits* limits);

    /// For the next producer, whose size is from now on the present one.
    kafka::ClientSettings apply(kafka::ClientSettings settings);

    /// Whether one of these topics may refuse a batch of the present size: the next producer makes
    /// smaller ones.
    bool too_large_for(std::span<const std::string> topics);

    /// Whether a record that was refused as too large can have been refused for those in its batch:
    /// sent again by the next producer, whose batches are smaller, it may be accepted.
    bool is_to_blame_for(const kafka::FailedDelivery& failed);

    /// The limits that refusals were compared with so far may have changed.
    void doubt_limits() { confirmed_.clear(); }

    /// Of the next producer.
    std::int64_t next() const noexcept { return next_; }

  private:
    BatchLimits* limits_;
    std::int64_t present_;
    std::int64_t next_;
    std::string confirmed_;  // A topic whose limit is known to be none of the present trouble.
};

}  // namespace millrace::runtime
