// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace millrace::state {

/// The share of statestore.cache.max.bytes that one stream thread has: what the record caches of
/// all stores of its tasks may hold together. A store whose write takes the sum over the limit lets
/// go of its own entries until the sum fits again, or it has none.
///
/// Stores without a record cache keep rows they read and committed up to the same limit again,
/// apart, as that only saves reads. Of that, each store has an even part for certain, and what the
/// others leave; until they next commit, all may hold up to twice the limit together.
///
/// Not thread-safe: belongs to a stream thread.
class ThreadCache {
  public:
    explicit ThreadCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Weighs on caches when they are next written.
    void resize(std::size_t max_bytes) noexcept { max_bytes_ = max_bytes; }

    /// What the caches of one kind hold.
    class Share {
      public:
        /// A store comes that holds so much, or goes.
        void join(std::size_t bytes) noexcept {
            ++stores_;
            bytes_ += bytes;
        }
        void leave(std::size_t bytes) noexcept {
            --stores_;
            bytes_ -= bytes;
        }
        void change(std::size_t before, std::size_t after) noexcept { bytes_ += after - before; }
        std::size_t bytes() const noexcept { return bytes_; }
        std::size_t stores() const noexcept { return stores_; }

      private:
        std::size_t bytes_ = 0;
        std::size_t stores_ = 0;
    };
    Share& written() noexcept { return written_; }
    const Share& written() const noexcept { return written_; }
    Share& read() noexcept { return read_; }
    const Share& read() const noexcept { return read_; }

    bool over(const Share& share) const noexcept { return share.bytes() > max_bytes_; }

    /// The same, if a store that holds `bytes` of it has more than its even part.
    bool over(const Share& share, std::size_t bytes) const noexcept {
        return over(share) && bytes > max_bytes_ / share.stores();
    }
    bool enabled() const noexcept { return max_bytes_ != 0; }

  private:
    std::size_t max_bytes_;
    Share written_;
    Share read_;
};

}  // namespace millrace::state
