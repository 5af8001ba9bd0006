// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace millrace::testing::embedded {

/// The committed offsets of a group, and the pending offsets of open transactions. Threads: guarded
/// by the cluster's mutex.
class GroupOffsets {
  public:
    using Map = std::map<TopicPartition, kafka::CommittedOffset>;

    void commit(std::span<const kafka::OffsetCommit> offsets) {
        for (const auto& offset : offsets) {
            committed_[offset.partition] = value_of(offset);
        }
    }

    /// Keeps the offsets pending until the producer's transaction ends.
    void commit_with_transaction(std::int64_t producer_id,
                                 std::span<const kafka::OffsetCommit> offsets) {
        for (const auto& offset : offsets) {
            pending_[producer_id][offset.partition] = value_of(offset);
        }
    }

    void end_transaction(std::int64_t producer_id, bool commit) {
        const auto pending = pending_.find(producer_id);
        if (pending == pending_.end()) {
            return;
        }
        if (commit) {
            for (auto& [partition, offset] : pending->second) {
                committed_[partition] = std::move(offset);
            }
        }
        pending_.erase(pending);
    }

    /// True while an open transaction may change the partition's offset.
    bool unstable(const TopicPartition& partition) const {
        for (const auto& [producer, offsets] : pending_) {
            if (offsets.contains(partition)) {
                return true;
            }
        }
        return false;
    }

    bool any_unstable() const noexcept { return !pending_.empty(); }

    const Map& committed() const noexcept { return committed_; }

    void forget_topic(const std::string& topic) {
        std::erase_if(committed_, [&](const auto& entry) { return entry.first.topic == topic; });
        for (auto& [producer, offsets] : pending_) {
            std::erase_if(offsets, [&](const auto& entry) { return entry.first.topic == topic; });
        }
    }

  private:
    static kafka::CommittedOffset value_of(const kafka::OffsetCommit& offset) {
        return {offset.offset, offset.leader_epoch, offset.metadata};
    }

    Map committed_;
    std::map<std::int64_t, Map> pending_;  ///< By producer id.
};

}  // namespace millrace::testing::embedded
