// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace millrace {

/// Returns the version of the linked library as `major.minor.patch`. Thread-safe.
std::string_view version() noexcept;

}  // namespace millrace
