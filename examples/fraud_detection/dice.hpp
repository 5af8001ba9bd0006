// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fraud {

/// A seeded random generator: the same seed gives the same numbers with every compiler, which the
/// distributions of <random> do not guarantee. Not thread-safe.
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    /// 64 random bits (SplitMix64).
    std::uint64_t bits() {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
        return mixed ^ (mixed >> 31U);
    }

    /// At least 0, less than 1.
    double unit() { return static_cast<double>(bits() >> 11U) * 0x1.0p-53; }

    bool chance(double probability) { return unit() < probability; }

    double between(double low, double high) { return low + unit() * (high - low); }

    /// An integer between both bounds, inclusive.
    std::int64_t between(std::int64_t low, std::int64_t high) {
        const auto count = static_cast<std::uint64_t>(high - low) + 1;
        return low + static_cast<std::int64_t>(bits() % count);
    }

    double exponential(double mean) { return -mean * std::log(1.0 - unit()); }

    double normal(double mean, double deviation) {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
        return mean + deviation * radius * std::cos(2.0 * 3.14159265358979323846 * unit());
    }

    template <class T>
    const T& one_of(const std::vector<T>& choices) {
        return choices[static_cast<std::size_t>(bits() % choices.size())];
    }

  private:
    std::uint64_t state_;
};

}  // namespace fraud
