// SPDX-License-Identifier: Apache-2.0
#include "state/state_memory.hpp"

#include "core/check.hpp"

namespace millrace::state {

class StateMemory::Engine {};

StateMemory::StateMemory(Limits limits) : limits_(limits), engine_(std::make_unique<Engine>()) {}

StateMemory::~StateMemory() = default;

void StateMemory::set_threads(std::size_t threads) {
    MILLRACE_CHECK(threads > 0);
    threads_.store(threads, std::memory_order_relaxed);
}

std::size_t StateMemory::cache_bytes_per_thread() const {
    return limits_.cache_bytes / threads_.load(std::memory_order_relaxed);
}

}  // namespace millrace::state
