// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace millrace::fuzz {

/// Makes inputs from a corpus: the same seed makes the same inputs.
class Mutator {
  public:
    /// `corpus` must outlive the mutator.
    Mutator(const std::vector<Bytes>& corpus, std::uint64_t seed)
        : corpus_(corpus), random_(seed) {}

    /// An input of the corpus after one to eight random changes.
    Bytes next();

  private:
    std::size_t below(std::size_t end) {
        return end == 0 ? 0 : static_cast<std::size_t>(random_() % end);
    }
    void change(Bytes& input);
    void write_number(Bytes& input);
    void write_bytes(Bytes& input);
    void splice(Bytes& input);

    static constexpr std::size_t kMost = 4096;  ///< Bytes of an input.

    const std::vector<Bytes>& corpus_;
    std::mt19937_64 random_;
};

}  // namespace millrace::fuzz
