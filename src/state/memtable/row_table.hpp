// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/hash.hpp"
#include "millrace/core/bytes.hpp"
#include "state/memtable/memtable_entry.hpp"
#include "state/memtable/prefetch_batch.hpp"
#include "state/memtable/probing_buckets.hpp"
#include "state/memtable/slab_allocator.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::state {

/// The hash table of a memtable, and the memory of its entries. Knows nothing of what else refers
/// to an entry: the memtable tells its other parts when an entry comes, goes or moves.
///
/// Not thread-safe.
class RowTable {
  public:
    struct Bucket {
        bool empty() const noexcept { return entry == nullptr; }

        MemtableEntry* entry = nullptr;
        std::uint32_t hash = 0;
        bool used = false;    // Since the clock hand last came by.
        bool cached = false;  // And not queued; here so that the hand need not look at the entry.
    };
    struct Found {
        MemtableEntry* entry = nullptr;  ///< Null: there is none.
        std::uint32_t hash = 0;
    };

    RowTable() = default;
    ~RowTable() { clear(); }
    RowTable(const RowTable&) = delete;
    RowTable& operator=(const RowTable&) = delete;

    /// Counts as a use. A put mostly follows a get of the same key.
    Found look_up(BytesView key) {
        if (last_ != nullptr && same_bytes(last_->key(), key)) {
            return {last_, last_->hash_};
        }
        return search(key);
    }
    Found search(BytesView key);

    Bucket& bucket_of(const MemtableEntry& entry);

    /// Adds an entry. Requires that the key has none.
    MemtableEntry* add(BytesView key, std::uint32_t hash, const NullableBytes& value, bool cached);

    /// Copies an entry to memory with room for values of that size, and puts the copy in its place;
    /// values for which there is no room are left out. The caller frees the old one.
    MemtableEntry* move(MemtableEntry* entry, std::array<std::uint32_t, 2> capacity);

    /// Takes an entry out, and puts it back with another key or frees it.
    void take_out(const MemtableEntry* entry);
    void put_back(MemtableEntry* entry);
    void free(MemtableEntry* entry) noexcept;

    void clear() noexcept;

    /// Gives memory back when there were far fewer entries since the last call.
    void fit() { buckets_.fit(); }

    /// As Memtable's.
    void prefetch(BytesView key) noexcept;
    void next_prefetch_batch() noexcept;

    /// Fetches the bucket of an entry with that hash into the processor's cache.
    void prefetch_bucket(std::uint32_t hash) const noexcept {
        __builtin_prefetch(buckets_.home(hash));
    }

    std::size_t size() const noexcept { return buckets_.size(); }

    /// All buckets, the empty ones too: a power of two, or none.
    std::vector<Bucket>& buckets() noexcept { return buckets_.places(); }

    /// Calls `use` with each entry, in no order. It must not change the table.
    template <class F>
    void for_each(F use) const {
        for (const Bucket& bucket : buckets_.places()) {
            if (!bucket.empty()) {
                use(*bucket.entry);
            }
        }
    }

  private:
    SlabAllocator memory_;
    ProbingBuckets<Bucket> buckets_;
    PrefetchBatch prefetched_;
    MemtableEntry* last_ = nullptr;  // Found last; null when that may have gone.
};

}  // namespace millrace::state
