// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "restore/restorer.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace millrace::restore {

enum class Phase {
    kNew,  ///< Where to begin and to end is not known yet.
    kReading,
    kDone,
};

/// One store on its way.
struct Restorer::Changelog {
    StoreToRestore what{};
    Phase phase = Phase::kNew;
    bool rebuild = false;          ///< Do not build on what is stored.
    Offset end = 0;                ///< Of the first record not wanted.
    std::optional<Offset> last{};  ///< Of the last record that the store reflects.
    std::int64_t total = 0;

    /// When `end` was the changelog's; nothing: the store is restored up to somewhere before.
    std::optional<Timestamp> end_at{};
};

/// One task on its way. Of the restoring thread; it works on the stores under `mutex`, and not once
/// the task is cancelled.
struct Restorer::Task {
    const void* owner = nullptr;
    TaskId id{};
    state::TaskStores* stores = nullptr;
    RestoreMailbox mailbox{};

    std::mutex mutex{};
    std::atomic<bool> cancelled{false};  ///< The stores belong to the owner again, or will soon.
    bool prepared = false;
    std::vector<Changelog> changelogs{};

    bool complete() const {
        return std::all_of(changelogs.begin(), changelogs.end(), [](const Changelog& changelog) {
            return changelog.phase == Phase::kDone;
        });
    }
};

}  // namespace millrace::restore
