// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/producer.hpp"
#include "testing/embedded/log/record_batch.hpp"
#include "testing/embedded/log/topics.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing::embedded {

/// Where to store the offset of a record, relative to its batch's first one.
struct Acknowledgement {
    Offset* target = nullptr;
    std::uint32_t delta = 0;
};

/// The start of consecutive records of one origin in a batch.
struct OriginRun {
    std::uint32_t first = 0;
    std::uint32_t origin = 0;
};

/// A batch that is ready to be appended.
struct PendingBatch {
    BatchRef batch;
    std::vector<Acknowledgement> acknowledgements;
    std::vector<OriginRun> origins;
    std::int64_t since = 0;  ///< Ticks of its first record.
    std::int32_t sequence = 0;
};

/// The unsent records of a producer for one partition: the current batch and the complete batches.
/// Not thread-safe.
class RecordAccumulator {
  public:
    void add(const kafka::ProducerRecord& record, std::int64_t timestamp, std::int64_t ticks) {
        if (builder_.empty()) {
            since_ = ticks;
        }
        if (record.acknowledged != nullptr) {
            acknowledge(record.acknowledged);
        }
        if (origins_.empty() || origins_.back().origin != record.origin) {
            origins_.push_back({static_cast<std::uint32_t>(builder_.count()), record.origin});
        }
        builder_.add(record.key, record.value, timestamp, record.headers);
    }

    std::size_t building_bytes() const noexcept { return builder_.byte_size(); }
    std::size_t building_count() const noexcept { return builder_.count(); }
    bool empty() const noexcept { return builder_.empty() && pending_.empty(); }

    /// Completes the current batch, if any.
    void seal() {
        if (builder_.empty()) {
            return;
        }
        PendingBatch pending;
        pending.sequence = next_sequence_;
        next_sequence_ += static_cast<std::int32_t>(builder_.count());
        pending.batch = builder_.seal();
        pending.acknowledgements = std::exchange(acknowledgements_, {});
        pending.origins = std::exchange(origins_, {});
        pending.since = since_;
        pending_.push_back(std::move(pending));
    }

    std::deque<PendingBatch>& pending() noexcept { return pending_; }

    /// A new epoch starts a new sequence. Requires empty().
    void restart_sequence() noexcept { next_sequence_ = 0; }

  private:
    void acknowledge(Offset* target) {
        const auto delta = static_cast<std::uint32_t>(builder_.count());
        // Offsets increase within a batch: of several records with one target, only the last is
        // used.
        if (!acknowledgements_.empty() && acknowledgements_.back().target == target) {
            acknowledgements_.back().delta = delta;
        } else {
            acknowledgements_.push_back({target, delta});
        }
    }

    BatchBuilder builder_;
    std::vector<Acknowledgement> acknowledgements_;
    std::vector<OriginRun> origins_;
    std::int64_t since_ = 0;
    std::int32_t next_sequence_ = 0;
    std::deque<PendingBatch> pending_;
};

}  // namespace millrace::testing::embedded
