// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/offset_resets.hpp"

#include "core/log.hpp"

#include <utility>

namespace millrace::runtime {

namespace {

constexpr std::chrono::milliseconds kRetryBackoff{100};

}  // namespace

OffsetResets::OffsetResets(std::string thread_name, const StartPositions& start_positions,
                           kafka::Consumer& consumer, const Clock& clock, RateLimitedLog& log)
    : thread_name_(std::move(thread_name)),
      start_positions_(start_positions),
      consumer_(consumer),
      clock_(clock),
      log_(log) {}

void OffsetResets::apply() {
    if (partitions_.empty() || clock_.monotonic() < next_attempt_) {
        return;
    }
    for (const TopicPartition& partition : std::exchange(partitions_, {})) {
        if (consumer_.queue(partition) == nullptr) {
            continue;  // No longer ours.
        }
        const Offset where = start_positions_.reset(partition);
        const kafka::Status status = consumer_.seek({partition, where});
        if (!status.ok()) {
            log_.warn(thread_name_ + ": cannot reset partition " + to_string(partition) +
                      ", retrying: " + status.message());
            partitions_.push_back(partition);
            next_attempt_ = clock_.monotonic() + kRetryBackoff;
            continue;
        }
        log::warn(thread_name_ +
                  ": the records at the committed offset no longer exist, resuming at the " +
                  (where == kafka::kFromEnd ? "end" : "beginning") + " of partition " +
                  to_string(partition));
    }
}

std::optional<std::chrono::nanoseconds> OffsetResets::next_attempt() const {
    return partitions_.empty() ? std::nullopt : std::optional(next_attempt_);
}

}  // namespace millrace::runtime
