// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// Where a source begins in a partition for which nothing was committed.
enum class OffsetReset {
    kDefault,  ///< As the setting auto.offset.reset says: earliest unless told otherwise.
    kEarliest,
    kLatest,
    kNone,  ///< An error instead.
};

}  // namespace millrace
