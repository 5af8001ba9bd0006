// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread_annotations.hpp"
#include "restore/restorer.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <vector>

namespace millrace::restore {

enum class Phase {
    kNew,      ///< The start and end offsets are not known yet.
    kReading,  ///< Assigned to the consumer.
    kRead,     ///< To its end; the store is not finished yet.
    kDone,
};

/// A store that is being restored.
struct Restorer::Changelog {
    StoreToRestore what{};
    Phase phase = Phase::kNew;
    bool rebuild = false;          ///< The stored rows cannot be used.
    Offset end = 0;                ///< The first offset that is not restored.
    std::optional<Offset> last{};  ///< The offset of the last record that the store contains.
    std::int64_t total = 0;

    /// When `end` was the end of the changelog. Empty: the store is restored to an earlier offset.
    std::optional<Timestamp> end_at{};
};

/// A task that is being restored. Used by the restore thread, which accesses the stores under
/// `mutex`, and not after the task was cancelled.
struct Restorer::Task {
    const void* owner = nullptr;
    TaskId id{};
    state::TaskStores* stores = nullptr;
    RestoreMailbox mailbox{};

    Mutex mutex{};
    std::atomic<bool> cancelled{false};  ///< The stores belong to the owner again, or will soon.
    bool prepared = false;
    std::vector<Changelog> changelogs{};

    /// When open transactions were last looked up, of Clock::monotonic().
    std::optional<std::chrono::nanoseconds> transactions_looked_up{};

    bool complete() const {
        return std::all_of(changelogs.begin(), changelogs.end(), [](const Changelog& changelog) {
            return changelog.phase == Phase::kDone;
        });
    }
};

}  // namespace millrace::restore
