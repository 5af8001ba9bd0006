// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "state/format/topic_position.hpp"
#include "state/stores/layered_store.hpp"

#include <memory>
#include <optional>

namespace millrace::state {

/// A store of a task, with the position in its changelog that its rows contain.
struct TaskStore {
    std::unique_ptr<LayeredStore> layers{};
    StateStore* face = nullptr;  ///< `layers` as the public interface.
    bool on_disk = false;
    Bytes shape{};                   ///< As in the metadata row; only for stores on disk.
    std::optional<Offset> offset{};  ///< Of the last changelog record that the rows contain.
    TopicPositions positions{};      ///< Of global stores, instead of the offset.

    /// When the rows were last known to contain the whole changelog, or when a restore from its
    /// beginning began that has not ended; kNoTimestamp: never.
    Timestamp current_at = kNoTimestamp;
    bool checkpoint_is_old = false;  ///< The checkpoint on disk has an earlier `current_at`.

    bool empty = false;      ///< Known to be empty, so a restore can bulk-load.
    bool restoring = false;  ///< From the first restored record to the end of the restore.
    bool loading = false;    ///< The restore bulk-loads.
    bool restored_from_nothing = false;  ///< The restore started at the beginning.
    bool resumable = false;  ///< If that restore is interrupted, the next one continues it.
};

}  // namespace millrace::state
