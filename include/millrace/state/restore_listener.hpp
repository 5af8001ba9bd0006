// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

/// Told how the rebuilding of local state goes, and the first reading of global stores, partition
/// by partition. Called from the restoring thread, on_restore_suspended from the stream thread that
/// gives the task up, and of global stores from the thread that calls start().
///
/// What a callback throws fails the stream thread that owns the task, or start(); what
/// on_restore_suspended throws is only logged. Close() does not wait when called from here.
struct StateRestoreListener {
    /// Offsets are of the changelog: the first to be read and the end.
    std::function<void(const TopicPartition&, const std::string& store, Offset start, Offset end)>
        on_restore_start{};
    std::function<void(const TopicPartition&, const std::string& store, Offset batch_end,
                       std::int64_t records)>
        on_batch_restored{};
    std::function<void(const TopicPartition&, const std::string& store, std::int64_t total)>
        on_restore_end{};

    /// The task moved away before its state was complete.
    std::function<void(const TopicPartition&, const std::string& store, std::int64_t total)>
        on_restore_suspended{};
};

}  // namespace millrace
