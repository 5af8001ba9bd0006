// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace millrace::state {

/// A stream thread's share of statestore.cache.max.bytes: the limit for the record caches of all
/// stores of its tasks together. If a store's write exceeds the limit, the store evicts its own
/// entries until the sum fits, or it has none.
///
/// Stores without a record cache share a read cache of the same size for rows that were read or
/// committed. It is separate, because it only saves reads. Each store is guaranteed an equal share
/// of it, and may use what the others leave. Until their next commit, the stores may hold up to
/// twice the limit together.
///
/// Not thread-safe: belongs to a stream thread.
class CacheBudget {
  public:
    explicit CacheBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Takes effect when a cache is next written.
    void resize(std::size_t max_bytes) noexcept { max_bytes_ = max_bytes; }

    /// Bytes held by the caches of one kind.
    class Share {
      public:
        /// A store that holds this many bytes is added or removed.
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

    /// The same, for a store that holds `bytes` and exceeds its equal share.
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
