// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace millrace::support {

/// How often this program has called operator new, in all threads. The replacement lives in
/// allocation_count.cpp and counts for the whole program: link it into one that does nothing else.
std::uint64_t allocations() noexcept;

}  // namespace millrace::support
