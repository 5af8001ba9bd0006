// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace {

/// Where a source starts in a partition without a committed offset.
enum class OffsetReset {
    kDefault,  ///< The setting auto.offset.reset; default earliest.
    kEarliest,
    kLatest,
    kNone,  ///< An error instead.
};

}  // namespace millrace
