// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/thread.hpp"

#include <ucontext.h>

#include <array>
#include <cstddef>
#include <functional>

namespace millrace::testing::simulated {

/// A stack and what else the C++ runtime keeps for a thread: code that runs until it suspends
/// itself, and continues there later. All fibers of a thread run in turn.
///
/// Requires that it has ended, or never ran, when it is destroyed: no stack is unwound. Errors: an
/// exception that leaves `run` ends the process.
class Fiber {
  public:
    explicit Fiber(std::function<void()> run);
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber();

    /// Runs it until it suspends itself or ends. Called outside of all fibers.
    void resume();

    /// Called by the fiber itself.
    void suspend();

    bool ended() const noexcept { return ended_; }

  private:
    /// The exceptions that are being handled, which the C++ runtime keeps for each thread.
    using Exceptions = std::array<std::byte, 16>;

    static void enter();
    void begin();
    void switch_runtime();

    std::function<void()> run_;
    std::byte* stack_;
    ucontext_t here_{};
    ucontext_t outside_{};
    Exceptions exceptions_{};
    ThreadLocals locals_{};
    bool ended_ = false;

    // For sanitizers.
    [[maybe_unused]] void* fake_stack_ = nullptr;
    [[maybe_unused]] const void* outside_stack_ = nullptr;
    [[maybe_unused]] std::size_t outside_size_ = 0;
    [[maybe_unused]] void* tsan_fiber_ = nullptr;
    [[maybe_unused]] void* tsan_outside_ = nullptr;
};

}  // namespace millrace::testing::simulated
