// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>

namespace millrace::testing::embedded {

/// Mistakes that a broker can be configured to make, so that a test sees that a checker finds them.
enum class Defect {
    kNoFencing,             ///< Producers with an outdated epoch may write and commit.
    kAnyGeneration,         ///< Offsets of members with an outdated generation are committed.
    kAbortedRecords,        ///< An abort commits.
    kCommittedRecords,      ///< Every fifth commit aborts, but reports success.
    kOffsetsBeforeCommit,   ///< The offsets of a transaction are committed before it is.
    kOffsetsWithoutCommit,  ///< The offsets of aborted transactions are committed.
    kNoOffsetsWithCommit,   ///< Every third transaction is committed without its offsets.
    kUnstableOffsets,       ///< Committed offsets are returned while a transaction changes them.
    kDuplicates,            ///< Every 20th batch is written twice.
    kLostBatches,           ///< Every 20th batch is acknowledged, but not written.
    kLostChangelog,         ///< Every fifth batch of a changelog is, too.
    kOffsetsMoveBack,       ///< Every tenth commit of offsets commits smaller ones.
    kTwoOwners,             ///< All members of a group get its first partition.
    kStuck,                 ///< After 20 commits, offsets are never committed again.
};

/// The mistakes of one broker. Threads: guarded by the cluster's mutex.
class Defects {
  public:
    void add(Defect defect) { all_.insert(defect); }
    bool have(Defect defect) const { return !all_.empty() && all_.contains(defect); }

    /// True at every `period`-th call of those with that defect.
    bool strikes(Defect defect, int period) { return have(defect) && ++calls_ % period == 0; }

    /// True after `count` calls.
    bool strikes_after(Defect defect, int count) { return have(defect) && ++calls_ > count; }

  private:
    std::set<Defect> all_;
    std::int64_t calls_ = 0;
};

}  // namespace millrace::testing::embedded
