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

/// The metadata row of a store in its task's database, docs/formats/state-database.md.
struct Checkpoint {
    std::optional<Offset> offset{};  ///< Offset of the last changelog record that the rows contain.
    TopicPositions positions{};      ///< Instead of the offset, for a global store.

    /// When the rows were last known to contain the whole changelog; kNoTimestamp: never.
    Timestamp current_at = kNoTimestamp;

    /// Empty: written by a version that did not record it.
    std::optional<StoreShape> shape{};

    /// Without a shape, only this is known: whether rows have headers.
    bool headers = false;

    Bytes rest{};  ///< The store's own data.
};

/// The start of a metadata row, for as long as only offset and time change.
Bytes shape_bytes(const StoreShape& shape);

/// Appends a row to `out`. `shape` is the result of shape_bytes(); the store's own data follow.
void append_checkpoint(std::optional<Offset> offset, Timestamp current_at, BytesView shape,
                       Bytes& out);

/// The same for a global store, which contains all partitions of a topic.
void append_checkpoint(const TopicPositions& positions, Timestamp current_at, BytesView shape,
                       Bytes& out);

/// Throws StateError if a newer version of Millrace wrote the row, StateCorrupted if it is invalid.
/// `where` contains task and store for messages.
Checkpoint read_checkpoint(BytesView row, const std::string& where);

}  // namespace millrace::state
