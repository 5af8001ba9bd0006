// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "kafka/producer.hpp"
#include "runtime/task/batch_limits.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace millrace::runtime {

/// The maximum batch size of a producer, so that topics refuse only records that are too large
/// themselves.
///
/// A broker refuses a batch as a whole, and librdkafka does not split it. But librdkafka sends a
/// record larger than batch.size in its own batch: if batch.size is at most the max.message.bytes
/// of every topic, the neighbours of such a record are accepted. Sizes are compared before
/// compression, which never makes a batch larger. The size only ever decreases.
///
/// Not thread-safe: owned by its collector.
class BatchSize {
  public:
    /// `settings` are the user's. `limits` may be null: then the size is that of the settings. It
    /// must outlive this.
    BatchSize(const kafka::ClientSettings& settings, BatchLimits* limits);

    /// For the next producer, whose size becomes the current one.
    kafka::ClientSettings apply(kafka::ClientSettings settings);

    /// Whether one of these topics may refuse a batch of the current size: the next producer sends
    /// smaller ones.
    bool too_large_for(std::span<const std::string> topics);

    /// Whether a record that was refused as too large may have been refused because of other
    /// records in its batch: the next producer, with smaller batches, may be able to send it.
    bool is_to_blame_for(const kafka::FailedDelivery& failed);

    /// The limits that were compared with refusals so far may have changed.
    void doubt_limits() { confirmed_.clear(); }

    /// For the next producer.
    std::int64_t next() const noexcept { return next_; }

  private:
    BatchLimits* limits_;
    std::int64_t present_;
    std::int64_t next_;
    std::string confirmed_;  // A topic whose known limit is not the cause of the current refusals.
};

}  // namespace millrace::runtime
