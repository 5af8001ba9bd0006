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

/// The hash table of a memtable, and the memory of its entries. It does not know other references
/// to an entry: the memtable informs its other parts when an entry is added, removed or moves.
///
/// Not thread-safe.
class RowTable {
  public:
    struct Bucket {
        bool empty() const noexcept { return entry == nullptr; }

        MemtableEntry* entry = nullptr;
        std::uint32_t hash = 0;
        bool used = false;  // Since the clock hand last passed it.
        // And not queued; stored here so that the hand need not read the entry.
        bool cached = false;
    };
    struct Found {
        MemtableEntry* entry = nullptr;  ///< Null: there is none.
        std::uint32_t hash = 0;
    };

    RowTable() = default;
    ~RowTable() { clear(); }
    RowTable(const RowTable&) = delete;
    RowTable& operator=(const RowTable&) = delete;

    /// Counts as a use. A put usually follows a get of the same key: inlined, because a call would
    /// cost more than the comparison.
    [[gnu::always_inline]] Found look_up(BytesView key) {
        if (last_ != nullptr && same_bytes(last_->key(), key)) {
            return {last_, last_->hash_};
        }
        return search(key);
    }
    Found search(BytesView key);

    Bucket& bucket_of(const MemtableEntry& entry);

    /// Adds an entry. Requires that the key has none.
    MemtableEntry* add(BytesView key, std::uint32_t hash, const NullableBytes& value, bool cached);

    /// Copies an entry to memory with room for values of that size, and replaces it by the copy;
    /// values that do not fit are omitted. The caller frees the old one.
    MemtableEntry* move(MemtableEntry* entry, std::array<std::uint32_t, 2> capacity);

    /// Removes an entry; then inserts it with another key, or frees it.
    void take_out(const MemtableEntry* entry);
    void put_back(MemtableEntry* entry);
    void free(MemtableEntry* entry) noexcept;

    void clear() noexcept;

    /// Frees memory if there were far fewer entries since the last call.
    void fit() { buckets_.fit(); }

    /// See Memtable.
    void prefetch(BytesView key) noexcept;
    void next_prefetch_batch() noexcept;

    /// Prefetches the bucket of an entry with that hash.
    [[gnu::always_inline]] void prefetch_bucket(std::uint32_t hash) const noexcept {
        __builtin_prefetch(buckets_.home(hash));
    }

    std::size_t size() const noexcept { return buckets_.size(); }

    /// All buckets, including empty ones: a power of two, or none.
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
    MemtableEntry* last_ = nullptr;  // Last found; null if it may have been removed.
};

}  // namespace millrace::state
