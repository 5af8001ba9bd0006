// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <chrono>

namespace millrace::detail {

/// Throws Error (kInvalidArgument): a window of `size` with a record at `time` would end after the
/// largest representable time. The processing exception handler decides about the record.
[[noreturn]] void refuse_window(Timestamp time, std::chrono::milliseconds size);

}  // namespace millrace::detail
