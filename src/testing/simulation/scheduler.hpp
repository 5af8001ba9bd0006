// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/simulator.hpp"
#include "testing/simulation/fiber.hpp"
#include "testing/simulation/random_numbers.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// When simulations begin: 2026-01-01, so that dates look like dates.
inline constexpr Timestamp kSimulationStart{std::chrono::milliseconds{1'767'225'600'000}};

/// The time of a simulation. It advances when the scheduler says so, and by a microsecond whenever
/// it is read, so that no loop waits for it in vain.
class SimulatedClock final : public Clock {
  public:
    explicit SimulatedClock(Timestamp start) : start_(start) {}

    Timestamp now() const override {
        return start_ + std::chrono::floor<std::chrono::milliseconds>(passed_ + set_by_);
    }
    std::chrono::nanoseconds monotonic() const override {
        return passed_ += std::chrono::microseconds{1};
    }

    /// Since the start, without the effect of a read.
    std::chrono::nanoseconds passed() const noexcept { return passed_; }

    void advance_to(std::chrono::nanoseconds time) { passed_ = std::max(passed_, time); }

    /// Sets the wall clock forward or back.
    void set_wall_clock(std::chrono::milliseconds by) { set_by_ += by; }

  private:
    Timestamp start_;
    mutable std::chrono::nanoseconds passed_{0};
    std::chrono::milliseconds set_by_{0};
};

/// Runs simulated threads in turn. Which thread runs next, of those that can, is random.
///
/// During its lifetime it is the simulator of the calling thread, see core/simulator.hpp.
class Scheduler final : public Simulator {
  public:
    /// The process to which a thread belongs: it can be frozen.
    using Process = int;

    Scheduler(std::uint64_t seed, Timestamp start);
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;
    ~Scheduler() override;

    /// Runs `main` and all threads that are started meanwhile, until `main` has returned and all of
    /// them have ended. Throws the exception of `main`; InternalError if threads wait for each
    /// other, or run on after `at_most`. Then their stacks are leaked.
    void run(std::function<void()> main, std::chrono::nanoseconds at_most);

    /// Starts a thread of that process. Those that it starts belong to the same.
    const void* start_in(Process process, std::function<void()> run);

    /// The threads of a frozen process do not run.
    void freeze(Process process) { frozen_.insert(process); }
    void thaw(Process process) { frozen_.erase(process); }

    /// The process of the simulated thread that runs; -1 if the caller is not one.
    Process process() const { return running_ == nullptr ? -1 : running_->process; }

    void pause(std::chrono::nanoseconds time) { wait(this, time); }
    std::chrono::nanoseconds passed() const noexcept { return clock_.passed(); }
    void set_wall_clock(std::chrono::milliseconds by) { clock_.set_wall_clock(by); }

    // Simulator
    Clock& clock() override { return clock_; }
    Random& random() override { return random_; }
    const void* start(std::function<void()> run) override;
    void join(const void* thread) override;
    const void* current() const override { return running_ == nullptr ? nullptr : running_->id; }
    void wait(const void* event, std::chrono::nanoseconds at_most) override;
    void notify(const void* event) override;

  private:
    struct Thread {
        const void* id = nullptr;  // In ids_.
        std::unique_ptr<Fiber> fiber;
        Process process = 0;
        const void* event = nullptr;
        std::chrono::nanoseconds due{0};
        bool notified = false;
    };

    Thread* next();
    void take_turn(Thread& thread);
    bool can_run(const Thread& thread) const;
    void leak_threads();

    SimulatedClock clock_;
    RandomNumbers random_;   // What the code of the threads sees.
    RandomNumbers choices_;  // Who is next.
    std::vector<std::unique_ptr<Thread>> threads_;
    std::vector<Thread*> ready_;
    std::set<Process> frozen_;
    std::deque<char> ids_;  // The address of each is the identity of a thread, past ones included.
    Thread* running_ = nullptr;
};

}  // namespace millrace::testing::simulated
