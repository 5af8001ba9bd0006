// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/fiber.hpp"

#include <sys/mman.h>

#include <cxxabi.h>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace millrace::testing::simulated {

namespace {

/// Pages that are not touched cost nothing. The lowest page stops an overflow.
constexpr std::size_t kStackBytes = 1 << 20;
constexpr std::size_t kGuardBytes = 4096;

/// The fiber that was resumed last, because a context begins without a pointer to it.
constinit thread_local Fiber* resumed = nullptr;

/// Stacks of ended fibers, for new ones.
std::vector<std::byte*>& free_stacks() {
    thread_local std::vector<std::byte*> stacks;
    return stacks;
}

std::byte* take_stack() {
    auto& stacks = free_stacks();
    if (!stacks.empty()) {
        std::byte* const stack = stacks.back();
        stacks.pop_back();
        return stack;
    }
    void* const memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, kGuardBytes, PROT_NONE) != 0) {
        throw std::bad_alloc();
    }
    return static_cast<std::byte*>(memory);
}

}  // namespace

Fiber::Fiber(std::function<void()> run) : run_(std::move(run)), stack_(take_stack()) {
    getcontext(&here_);
    here_.uc_stack.ss_sp = stack_;
    here_.uc_stack.ss_size = kStackBytes;
    here_.uc_link = nullptr;
    makecontext(&here_, &Fiber::enter, 0);
#if defined(__SANITIZE_THREAD__)
    tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
    __tsan_destroy_fiber(tsan_fiber_);
#endif
    free_stacks().push_back(stack_);
}

void Fiber::switch_runtime() {
    Exceptions mine = exceptions_;
    std::memcpy(exceptions_.data(), abi::__cxa_get_globals(), exceptions_.size());
    std::memcpy(abi::__cxa_get_globals(), mine.data(), mine.size());
    std::swap(locals_, thread_locals);
}

void Fiber::resume() {
    resumed = this;
    switch_runtime();
#if defined(__SANITIZE_THREAD__)
    tsan_outside_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
    void* outside = nullptr;
    __sanitizer_start_switch_fiber(&outside, stack_, kStackBytes);
#endif
    swapcontext(&outside_, &here_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(outside, nullptr, nullptr);
#endif
    switch_runtime();
}

void Fiber::suspend() {
#if defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(tsan_outside_, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(ended_ ? nullptr : &fake_stack_, outside_stack_, outside_size_);
#endif
    swapcontext(&here_, &outside_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake_stack_, &outside_stack_, &outside_size_);
#endif
}

void Fiber::enter() {
    resumed->begin();
}

void Fiber::begin() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &outside_stack_, &outside_size_);
#endif
    run_();
    run_ = nullptr;
    ended_ = true;
    suspend();  // Forever.
}

}  // namespace millrace::testing::simulated
