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
    StateStore* face = nullptr;  ///< The same object, as processors and queries see it.
    bool on_disk = false;
    Bytes shape{};                   ///< As in the metadata row; only for stores on disk.
    std::optional<Offset> offset{};  ///< Of the last changelog record that the rows contain.
    TopicPositions positions{};      ///< Instead of the offset, of a global store.

    /// When the rows were last known to contain the whole changelog; kNoTimestamp: never.
    Timestamp current_at = kNoTimestamp;
    bool checkpoint_is_old = false;  ///< The checkpoint on disk has an earlier `current_at`.

    bool empty = false;      ///< Certainly: so that a restore may load instead of write.
    bool restoring = false;  ///< From the first restored record to the end of the restore.
    bool loading = false;    ///< The restore bulk-loads.
    bool restored_from_nothing = false;  ///< The restore has no start offset.
};

}  // namespace millrace::state
