// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace millrace::support {

/// How often this thread has called operator new; RocksDB's threads also call it.
/// allocation_count.cpp replaces the operator: link it only into a program for this purpose.
std::uint64_t allocations() noexcept;

}  // namespace millrace::support
