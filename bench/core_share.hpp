// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace millrace::bench {

/// How many independent additions the core executes per nanosecond, measured over about a
/// millisecond: clock times width if the core is exclusive, about half if its other hardware thread
/// is busy with another process or another guest of the machine.
inline double additions_per_nanosecond() {
    constexpr std::int64_t kRounds = 1'000'000;
    constexpr std::int64_t kPerRound = 8;
    std::int64_t a = 0;
    std::int64_t b = 0;
    std::int64_t c = 0;
    std::int64_t d = 0;
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t round = 0; round < kRounds; ++round) {
        for (std::int64_t twice = 0; twice < 2; ++twice) {
            a += round;
            b += round;
            c += round;
            d += round;
            asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
        }
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    return static_cast<double>(kRounds * kPerRound) / took.count();
}

/// Reports with a benchmark, as "additions/ns", how much of a core it had: the smaller of the
/// values before and after it. Results for "one core" are from runs with an exclusive core.
class CoreShare {
  public:
    explicit CoreShare(benchmark::State& state) : state_(state) {}
    CoreShare(const CoreShare&) = delete;
    CoreShare& operator=(const CoreShare&) = delete;
    ~CoreShare() {
        state_.counters["additions/ns"] = std::min(before_, additions_per_nanosecond());
    }

  private:
    benchmark::State& state_;
    double before_ = additions_per_nanosecond();
};

}  // namespace millrace::bench
