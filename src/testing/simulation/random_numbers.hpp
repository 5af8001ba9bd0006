// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/random.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace millrace::testing::simulated {

/// Random numbers that a seed determines, on every platform (SplitMix64).
class RandomNumbers final : public Random {
  public:
    explicit RandomNumbers(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() override {
        std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    /// From 0 to `count` - 1. Requires that `count` is positive.
    std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }

    /// From `least` to `most`.
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(below(static_cast<std::size_t>(most - least) + 1));
    }
    template <class Rep, class Period>
    std::chrono::duration<Rep, Period> between(std::chrono::duration<Rep, Period> least,
                                               std::chrono::duration<Rep, Period> most) {
        return std::chrono::duration<Rep, Period>{between(least.count(), most.count())};
    }

    /// True once in `times` calls.
    bool one_in(std::size_t times) { return below(times) == 0; }

    /// An independent sequence.
    RandomNumbers split() { return RandomNumbers(next()); }

  private:
    std::uint64_t state_;
};

}  // namespace millrace::testing::simulated
