// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace::state {

/// The hashes of keys that are prefetched together: a few; further ones are dropped.
class PrefetchBatch {
  public:
    static constexpr std::size_t kMost = 8;

    void add(std::uint32_t hash) noexcept {
        if (count_ < hashes_.size()) {
            hashes_[count_++] = hash;
        }
    }
    void clear() noexcept { count_ = 0; }
    std::span<const std::uint32_t> hashes() const noexcept { return {hashes_.data(), count_}; }

  private:
    std::array<std::uint32_t, kMost> hashes_{};
    std::size_t count_ = 0;
};

}  // namespace millrace::state
