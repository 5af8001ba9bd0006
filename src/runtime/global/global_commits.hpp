// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/consumer.hpp"
#include "runtime/global/global_input.hpp"
#include "runtime/global/global_stores.hpp"
#include "runtime/global/global_task.hpp"

#include <chrono>
#include <cstddef>
#include <set>
#include <vector>

namespace millrace::runtime {

/// Commits the global stores together with the positions up to which their topics are read. Used by
/// the global thread only. Errors: those of TaskStores::commit_positions.
class GlobalCommits {
  public:
    /// All must outlive this.
    GlobalCommits(GlobalTask& task, GlobalStoresGate& gate, const GlobalInputs& inputs,
                  kafka::Consumer& consumer, const Clock& clock)
        : task_(task), gate_(gate), inputs_(inputs), consumer_(consumer), clock_(clock) {}

    /// Called after the start positions are found: all stores are trusted, and have positions to
    /// store even if their topics are empty.
    void started();

    /// Called after a position has changed.
    void moved() noexcept { dirty_ = true; }

    /// Stops storing positions for a store whose topic has lost records. The next start rebuilds
    /// the store.
    void distrust(std::size_t store) { untrusted_.insert(store); }
    bool trusts_all() const noexcept { return untrusted_.empty(); }

    /// Commits. Requires GlobalStoresGate::Writing.
    void save();

    /// Locks the gate and commits.
    void commit();

    /// Updates the state on disk, also if no records arrive. No effect within a few seconds of the
    /// last commit.
    void keep_current();

  private:
    std::vector<std::size_t> behind() const;

    GlobalTask& task_;
    GlobalStoresGate& gate_;
    const GlobalInputs& inputs_;
    kafka::Consumer& consumer_;
    const Clock& clock_;
    std::set<std::size_t> untrusted_;
    bool dirty_ = false;
    // From Clock::monotonic(), because the wall clock may be set.
    std::chrono::nanoseconds last_commit_{0};
};

}  // namespace millrace::runtime
