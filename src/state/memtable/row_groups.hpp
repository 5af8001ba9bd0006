// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/memtable/memtable_entry.hpp"
#include "state/memtable/prefetch_batch.hpp"
#include "state/memtable/probing_buckets.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::state {

/// Entries whose keys have a fixed-size suffix, by the key before it: the rows of one key in one
/// segment, sorted. A lookup takes one step, however many others there are.
///
/// Not thread-safe. Entries must be erased before they are destroyed.
class RowGroups {
  public:
    explicit RowGroups(std::size_t suffix_size) : suffix_size_(suffix_size) {}
    ~RowGroups() { clear(); }
    RowGroups(const RowGroups&) = delete;
    RowGroups& operator=(const RowGroups&) = delete;

    void insert(MemtableEntry* entry);
    void erase(MemtableEntry* entry);

    /// `entry` moved to `to`. Both have the key.
    void replace(MemtableEntry* entry, MemtableEntry* to);

    /// `rename` gives `entry` another key of its group.
    template <class Rename>
    void rename(MemtableEntry* entry, Rename rename) {
        Group& group = group_of(*entry);
        if (group.rows == nullptr) {
            rename();
            return;
        }
        group.rows->erase(place_of(*group.rows, entry->key()));
        rename();
        group.rows->insert(place_of(*group.rows, entry->key()), entry);
        group.one = entry;
    }

    void clear();

    /// Like ProbingBuckets::fit.
    void fit() { groups_.fit(); }

    /// Rows whose key is `group` and a suffix, sorted. Valid until the next call of any member.
    std::span<MemtableEntry* const> find(BytesView group);

    /// See Memtable. `fetch` gets the hashes of rows that are looked up then.
    void prefetch(BytesView group) noexcept;
    template <class Fetch>
    void next_prefetch_batch(Fetch fetch) noexcept {
        for (const std::uint32_t hash : last_batch_.hashes()) {
            const Group* group = groups_.home(hash);
            if (group == nullptr || group->empty()) {
                continue;
            }
            if (group->rows != nullptr) {
                __builtin_prefetch(group->rows->data());
            }
            fetch(group->one->hash());
        }
        for (const std::uint32_t hash : batch_.hashes()) {
            if (const Group* group = groups_.home(hash); group != nullptr && !group->empty()) {
                group->prefetch();
            }
        }
        last_batch_ = batch_;
        batch_.clear();
    }

  private:
    using Rows = std::vector<MemtableEntry*>;

    /// Most groups have one row, which needs no memory of its own.
    struct Group {
        bool empty() const noexcept { return one == nullptr; }
        [[gnu::always_inline]] void prefetch() const noexcept {
            one->prefetch();
            __builtin_prefetch(rows);
        }

        std::uint32_t hash = 0;
        MemtableEntry* one = nullptr;  // Of several: the latest one, if it is still here.
        Rows* rows = nullptr;          // Of several: all.
    };

    BytesView name_of(const MemtableEntry& entry) const noexcept {
        return entry.key().substr(0, entry.key().size() - suffix_size_);
    }
    static std::uint32_t hash_of(BytesView name);
    Rows::iterator place_of(Rows& rows, BytesView key) const;
    Group* look_up(BytesView name, std::uint32_t hash);
    Group& group_of(const MemtableEntry& entry);

    std::size_t suffix_size_;
    ProbingBuckets<Group> groups_;
    PrefetchBatch batch_;
    PrefetchBatch last_batch_;
};

}  // namespace millrace::state
