// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace millrace::fail_points {

/// What the action "throw" throws at a point: an error that can occur there.
enum class Throws {
    kState,  ///< StateError: the disk failed.
    kKafka,  ///< KafkaError: a broker refused.
};

struct Name {
    std::string_view text;
    Throws throws = Throws::kKafka;
    bool request = false;  ///< A request returns here: it can return an error.
};

/// All fail points, in the order of the steps. docs/testing.md says how they are used,
/// docs/semantics/exactly-once.md what follows from a crash at those of a commit.
inline constexpr Name kNames[] = {
    // Joining the group, and polling it: src/runtime/thread/stream_thread.cpp, internal_topics.cpp.
    {"join.topics_created", Throws::kKafka, true},
    {"poll.subscribed"},
    {"poll.begun"},
    {"poll.done"},
    // Assignment and revocation: assigned_tasks.cpp.
    {"assign.begun"},
    {"assign.offsets_read", Throws::kKafka, true},
    {"assign.positioned", Throws::kKafka, true},
    {"assign.done"},
    {"revoke.begun"},
    {"revoke.committed"},
    {"revoke.closed"},
    {"lost.closed"},
    // Opening a task: open_tasks.cpp, src/runtime/task, src/state/task.
    {"open.wiped", Throws::kState},
    {"open.unknown_store_removed", Throws::kState},
    {"open.made", Throws::kState},
    {"open.restored", Throws::kState},
    {"open.running", Throws::kState},
    // Restoring: src/restore, src/state/task/store_restore.cpp.
    {"restore.ends_read", Throws::kKafka, true},
    {"restore.checkpoint_removed", Throws::kState},
    {"restore.store_cleared", Throws::kState},
    {"restore.begun"},
    {"restore.batch_applied", Throws::kState},
    {"restore.part_written", Throws::kState},
    {"restore.checkpoint_written", Throws::kState},
    {"restore.flushed", Throws::kState},
    {"restore.finished", Throws::kState},
    {"restore.handing_over"},
    // Bulk load of an empty store: src/state/engine/rocksdb/bulk_loader.cpp.
    {"load.file_written", Throws::kState},
    {"load.file_ingested", Throws::kState},
    {"load.rows_added", Throws::kState},
    {"load.ended", Throws::kState},
    // Processing: src/runtime/thread/task_executor.cpp, src/runtime/task/stream_task.cpp.
    {"process.fetched"},
    {"process.record", Throws::kState},
    {"process.processed", Throws::kState},
    {"process.punctuated", Throws::kState},
    // Producing: src/runtime/commit/producer_collector.cpp, output_transaction.cpp.
    {"transaction.initialised", Throws::kKafka, true},
    {"transaction.begun"},
    {"produce.record"},
    {"produce.sent"},
    {"produce.flushed", Throws::kKafka, true},
    {"produce.dropping"},
    {"transaction.aborted", Throws::kKafka, true},
    // Commit: src/runtime/commit.
    {"commit.begun"},
    {"commit.caches_flushed", Throws::kState},
    {"commit.delivered"},
    {"commit.offsets_committed", Throws::kKafka, true},
    {"commit.offsets_sent", Throws::kKafka, true},
    {"commit.transaction_committed", Throws::kKafka, true},
    {"commit.task_applied", Throws::kState},
    {"commit.applied", Throws::kState},
    // Applying a commit to the state: src/state/task/task_stores.cpp.
    {"apply.begun", Throws::kState},
    {"apply.batch_filled", Throws::kState},
    {"apply.written", Throws::kState},
    {"apply.rows_committed", Throws::kState},
    {"apply.flush_begun", Throws::kState},
    // Going back to the last commit: src/runtime/thread/stream_thread.cpp.
    {"restart.output_dropped"},
    {"restart.reopened"},
    // The end of a task and of a thread: stream_thread_end.cpp, stream_task.cpp, task_stores.cpp.
    {"close.begun"},
    {"close.committed"},
    {"close.suspended", Throws::kState},
    {"close.rolled_back", Throws::kState},
    {"close.written", Throws::kState},
    {"close.flushed", Throws::kState},
    {"close.tasks_closed"},
    {"close.left_group"},
    // The state database: src/state/engine/rocksdb/rocks_database.cpp.
    {"database.folder_made", Throws::kState},
    {"database.opened", Throws::kState},
    {"database.metadata_removed", Throws::kState},
    {"database.family_created", Throws::kState},
    {"database.dropping_families", Throws::kState},
    {"database.families_dropped", Throws::kState},
    // The state directory: src/state/task/state_directory.cpp, src/core/file_system.cpp.
    {"directory.locked", Throws::kState},
    {"directory.file_synced", Throws::kState},
    {"directory.process_id_written", Throws::kState},
    {"directory.task_removed", Throws::kState},
    // Global stores: src/runtime/global.
    {"global.ends_read", Throws::kKafka, true},
    {"global.cleared", Throws::kState},
    {"global.records_applied", Throws::kState},
    {"global.saving", Throws::kState},
    {"global.saved", Throws::kState},
};

inline constexpr std::size_t kCount = std::size(kNames);

/// The index of a registered name. Does not compile with any other constant.
consteval std::size_t index_of(std::string_view name) {
    for (std::size_t i = 0; i < kCount; ++i) {
        if (kNames[i].text == name) {
            return i;
        }
    }
    throw "fail_point_names.hpp has no fail point of this name";
}

}  // namespace millrace::fail_points
