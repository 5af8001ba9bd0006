// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

/// Called with the progress of restoring local state, and of the first reading of global stores,
/// partition by partition. Called from the restore threads (restore.threads), on_restore_suspended
/// from the stream thread whose task is revoked, and for global stores from the thread that calls
/// start(): calls for different tasks may happen at the same time.
///
/// An exception of a callback fails the stream thread that owns the task, or start(); one of
/// on_restore_suspended is only logged. close() does not wait if it is called from here.
struct StateRestoreListener {
    /// Offsets are those of the changelog: the first to read and the end.
    std::function<void(const TopicPartition&, const std::string& store, Offset start, Offset end)>
        on_restore_start{};
    std::function<void(const TopicPartition&, const std::string& store, Offset batch_end,
                       std::int64_t records)>
        on_batch_restored{};
    std::function<void(const TopicPartition&, const std::string& store, std::int64_t total)>
        on_restore_end{};

    /// The task moved before its state was complete.
    std::function<void(const TopicPartition&, const std::string& store, std::int64_t total)>
        on_restore_suspended{};
};

/// Why a standby is not updated any more.
enum class StandbySuspension {
    kMigrated,  ///< The standby is closed: it has moved, or its thread ends.
    kPromoted,  ///< The standby becomes the task.
};

/// Called with the progress of standbys: copies of the state of tasks that other instances run
/// (KIP-988). Called from the restore threads, on_update_suspended from the stream thread that has
/// the task: calls for different tasks may happen at the same time.
///
/// An exception of a callback fails the stream thread that has the standby; one of
/// on_update_suspended is only logged. close() does not wait if it is called from here.
struct StandbyUpdateListener {
    /// The offset of the first record to read.
    std::function<void(const TopicPartition&, const std::string& store, Offset start)>
        on_update_start{};

    /// `end` is the end of the changelog as of the last fetch; -1: unknown.
    std::function<void(const TopicPartition&, const std::string& store, TaskId task,
                       Offset batch_end, std::int64_t records, Offset end)>
        on_batch_loaded{};

    /// `offset` is that of the last record that the store contains; -1: none.
    std::function<void(const TopicPartition&, const std::string& store, Offset offset, Offset end,
                       StandbySuspension why)>
        on_update_suspended{};
};

}  // namespace millrace
