// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "state/memtable/hint_round.hpp"
#include "state/memtable/probing_buckets.hpp"
#include "state/memtable/record_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::state {

/// Entries whose keys have a suffix of fixed size, by what is in front of it: the rows of one key
/// in one segment lie together, sorted. To find them takes one step, however many others there are.
///
/// Not thread-safe. Knows no entry that it was not told of; entries must outlive their stay.
class RowGroups {
  public:
    explicit RowGroups(std::size_t suffix_size) : suffix_size_(suffix_size) {}
    ~RowGroups() { clear(); }
    RowGroups(const RowGroups&) = delete;
    RowGroups& operator=(const RowGroups&) = delete;

    void insert(RecordEntry* entry);
    void erase(RecordEntry* entry);

    /// `entry` moved to `to`. Both have the key.
    void replace(RecordEntry* entry, RecordEntry* to);

    /// `rename` gives `entry` another key of its group.
    template <class Rename>
    void rename(RecordEntry* entry, Rename rename) {
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

    /// As ProbingBuckets::fit.
    void fit() { groups_.fit(); }

    /// Rows whose key is `group` and a suffix, sorted. Valid until any other member is called.
    std::span<RecordEntry* const> find(BytesView group);

    /// As RecordTable's. `fetch` is given the hashes of rows that are looked up then.
    void expect(BytesView group) noexcept;
    template <class Fetch>
    void next_hints(Fetch fetch) noexcept {
        for (const std::uint32_t hash : last_hints_.hashes()) {
            const Group* group = groups_.home(hash);
            if (group == nullptr || group->empty()) {
                continue;
            }
            if (group->rows != nullptr) {
                __builtin_prefetch(group->rows->data());
            }
            fetch(group->one->hash());
        }
        for (const std::uint32_t hash : hints_.hashes()) {
            if (const Group* group = groups_.home(hash); group != nullptr && !group->empty()) {
                group->prefetch();
            }
        }
        last_hints_ = hints_;
        hints_.clear();
    }

  private:
    using Rows = std::vector<RecordEntry*>;

    /// Most groups have one row, which needs no memory of its own.
    struct Group {
        bool empty() const noexcept { return one == nullptr; }
        void prefetch() const noexcept {
            one->prefetch();
            __builtin_prefetch(rows);
        }

        std::uint32_t hash = 0;
        RecordEntry* one = nullptr;  // Of several, the one that came last, if it is still here.
        Rows* rows = nullptr;        // Of several, all.
    };

    BytesView name_of(const RecordEntry& entry) const noexcept {
        return entry.key().substr(0, entry.key().size() - suffix_size_);
    }
    static std::uint32_t hash_of(BytesView name);
    Rows::iterator place_of(Rows& rows, BytesView key) const;
    Group* look_up(BytesView name, std::uint32_t hash);
    Group& group_of(const RecordEntry& entry);

    std::size_t suffix_size_;
    ProbingBuckets<Group> groups_;
    HintRound hints_;
    HintRound last_hints_;
};

}  // namespace millrace::state
