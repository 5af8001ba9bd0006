// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace millrace::fuzz {

/// From now on, an allocation of more than `bytes` aborts the program.
void limit_allocations(std::size_t bytes) noexcept;

}  // namespace millrace::fuzz
