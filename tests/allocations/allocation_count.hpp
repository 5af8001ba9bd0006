// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace millrace::support {

/// How often this thread has called operator new; RocksDB has threads that do so from time to time.
/// The replacement lives in allocation_count.cpp: link it into a program that does nothing else.
std::uint64_t allocations() noexcept;

}  // namespace millrace::support
