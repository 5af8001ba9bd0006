// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace::state {

/// The buckets of a hash table with open addressing and linear probing. They do not move until one
/// is added or erased.
///
/// A Bucket is trivially copyable, has a 32-bit `hash`, and has empty(), which is true initially.
///
/// Not thread-safe.
template <class Bucket>
class ProbingBuckets {
  public:
    /// The bucket with that hash for which `is` returns true; null if there is none.
    template <class Is>
    Bucket* find(std::uint32_t hash, Is is) {
        if (buckets_.empty()) {
            return nullptr;
        }
        for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
            Bucket& bucket = buckets_[at];
            if (bucket.empty()) {
                return nullptr;
            }
            if (bucket.hash == hash && is(bucket)) {
                return &bucket;
            }
        }
    }

    /// The start of the search for that hash; null if there are no buckets.
    const Bucket* home(std::uint32_t hash) const noexcept {
        return buckets_.empty() ? nullptr : &buckets_[hash & mask()];
    }

    /// Adds a bucket. Requires that it does not exist.
    void insert(const Bucket& bucket) {
        if ((size_ + 1) * 4 > buckets_.size() * 3) {
            grow();
        }
        place(bucket);
        most_ = std::max(most_, ++size_);
    }

    /// Frees memory if there were far fewer buckets than it has room for since the last call. Moves
    /// the buckets.
    void fit() {
        const std::size_t most = std::exchange(most_, size_);
        if (buckets_.size() <= kFewPlaces || most * kTimes > buckets_.size()) {
            return;
        }
        std::size_t places = kFirst;
        while (places < 2 * most) {
            places *= 2;
        }
        move_to(places);
    }

    /// `bucket` must be one of these.
    void erase(Bucket* bucket) {
        auto hole = static_cast<std::size_t>(bucket - buckets_.data());
        // Close the gap: move back every later bucket of the run that may be in the hole.
        for (std::size_t at = (hole + 1) & mask(); !buckets_[at].empty(); at = (at + 1) & mask()) {
            const std::size_t home = buckets_[at].hash & mask();
            if (((at - home) & mask()) >= ((at - hole) & mask())) {
                buckets_[hole] = buckets_[at];
                hole = at;
            }
        }
        buckets_[hole] = Bucket{};
        --size_;
    }

    void clear() {
        buckets_.clear();
        size_ = 0;
        most_ = 0;
    }

    std::size_t size() const noexcept { return size_; }

    /// All buckets, including empty ones: a power of two, or none.
    std::vector<Bucket>& places() noexcept { return buckets_; }
    const std::vector<Bucket>& places() const noexcept { return buckets_; }

  private:
    static constexpr std::size_t kFirst = 64;
    static constexpr std::size_t kFewPlaces = 4096;
    static constexpr std::size_t kTimes = 16;

    std::size_t mask() const noexcept { return buckets_.size() - 1; }

    void place(const Bucket& bucket) {
        std::size_t at = bucket.hash & mask();
        while (!buckets_[at].empty()) {
            at = (at + 1) & mask();
        }
        buckets_[at] = bucket;
    }

    void grow() { move_to(std::max(kFirst, buckets_.size() * 2)); }

    void move_to(std::size_t places) {
        std::vector<Bucket> old(places);
        old.swap(buckets_);
        for (const Bucket& bucket : old) {
            if (!bucket.empty()) {
                place(bucket);
            }
        }
    }

    std::vector<Bucket> buckets_;
    std::size_t size_ = 0;
    std::size_t most_ = 0;  // Since fit().
};

}  // namespace millrace::state
