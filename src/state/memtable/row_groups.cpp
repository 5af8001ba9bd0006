// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/row_groups.hpp"

#include "core/check.hpp"
#include "core/hash.hpp"
#include "state/engine/key_head.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace millrace::state {
RowGroups::Rows::iterator RowGroups::place_of(Rows& rows, BytesView key) const {
    const std::size_t name_size = key.size() - suffix_size_;
    if (less_behind(rows.back()->key(), key, name_size)) {  // Most are added in order.
        return rows.end();
    }
    return std::lower_bound(rows.begin(), rows.end(), key,
                            [name_size](const MemtableEntry* entry, BytesView bytes) {
                                return less_behind(entry->key(), bytes, name_size);
                            });
}

std::uint32_t RowGroups::hash_of(BytesView name) {
    return static_cast<std::uint32_t>(hash_bytes(name));
}

void RowGroups::prefetch(BytesView group) noexcept {
    const std::uint32_t hash = hash_of(group);
    __builtin_prefetch(groups_.home(hash));
    batch_.add(hash);
}

RowGroups::Group* RowGroups::look_up(BytesView name, std::uint32_t hash) {
    return groups_.find(hash,
                        [&](const Group& group) { return same_bytes(name_of(*group.one), name); });
}

RowGroups::Group& RowGroups::group_of(const MemtableEntry& entry) {
    const BytesView name = name_of(entry);
    Group* group = look_up(name, hash_of(name));
    MILLRACE_CHECK(group != nullptr);
    return *group;
}

void RowGroups::insert(MemtableEntry* entry) {
    const BytesView name = name_of(*entry);
    const std::uint32_t hash = hash_of(name);
    Group* group = look_up(name, hash);
    if (group == nullptr) {
        groups_.insert({hash, entry, nullptr});
        return;
    }
    if (group->rows == nullptr) {
        group->rows = std::make_unique<Rows>(1, group->one).release();
    }
    group->rows->insert(place_of(*group->rows, entry->key()), entry);
    group->one = entry;
}

void RowGroups::erase(MemtableEntry* entry) {
    Group& group = group_of(*entry);
    if (group.rows == nullptr) {
        groups_.erase(&group);
        return;
    }
    group.rows->erase(place_of(*group.rows, entry->key()));
    if (group.one == entry) {
        group.one = group.rows->back();
    }
    if (group.rows->size() == 1) {
        const std::unique_ptr<Rows> rows(std::exchange(group.rows, nullptr));
    }
}

void RowGroups::replace(MemtableEntry* entry, MemtableEntry* to) {
    Group& group = group_of(*entry);
    if (group.rows != nullptr) {
        *place_of(*group.rows, entry->key()) = to;
    }
    if (group.one == entry) {
        group.one = to;
    }
}

void RowGroups::clear() {
    for (const Group& group : groups_.places()) {
        delete group.rows;
    }
    groups_.clear();
}

std::span<MemtableEntry* const> RowGroups::find(BytesView name) {
    Group* group = look_up(name, hash_of(name));
    if (group == nullptr) {
        return {};
    }
    return group->rows != nullptr ? std::span<MemtableEntry* const>(*group->rows)
                                  : std::span<MemtableEntry* const>(&group->one, 1);
}

}  // namespace millrace::state
