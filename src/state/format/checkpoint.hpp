// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "state/format/store_shape.hpp"
#include "state/format/topic_position.hpp"

#include <optional>
#include <string>

namespace millrace::state {

/// The row about a store in its task's database, docs/formats/state-database.md.
struct Checkpoint {
    std::optional<Offset> offset{};  ///< Of the last changelog record that the rows reflect.
    TopicPositions positions{};      ///< Instead of the offset, for a global store.

    /// When the rows were last known to reflect the whole changelog; kNoTimestamp: never.
    Timestamp current_at = kNoTimestamp;

    /// Nothing: written by a version that did not keep it.
    std::optional<StoreShape> shape{};

    /// Without a shape: whether rows have headers is all that is known.
    bool headers = false;

    Bytes rest{};  ///< What the store itself saved.
};

/// What the rows about a store begin with, for as long as offset and time are all that changes.
Bytes shape_bytes(const StoreShape& shape);

/// Appends a row to `out`. `shape` is as shape_bytes() makes it; what the store saves follows.
void append_checkpoint(std::optional<Offset> offset, Timestamp current_at, BytesView shape,
                       Bytes& out);

/// The same for a global store, which contains all partitions of a topic.
void append_checkpoint(const TopicPositions& positions, Timestamp current_at, BytesView shape,
                       Bytes& out);

/// Throws StateError when a newer version of Millrace wrote the row, StateCorrupted when nobody
/// did. `where` names task and store in messages.
Checkpoint read_checkpoint(BytesView row, const std::string& where);

}  // namespace millrace::state
