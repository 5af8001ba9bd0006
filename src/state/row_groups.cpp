// SPDX-License-Identifier: Apache-2.0
#include "state/row_groups.hpp"

#include "core/check.hpp"
#include "core/hash.hpp"

#include <algorithm>
#include <memory>

namespace millrace::state {
namespace {

std::vector<RecordEntry*>::iterator place_of(std::vector<RecordEntry*>& rows, BytesView key) {
    if (rows.back()->key() < key) {  // Most come in order.
        return rows.end();
    }
    return std::lower_bound(
        rows.begin(), rows.end(), key,
        [](const RecordEntry* entry, BytesView bytes) { return entry->key() < bytes; });
}

}  // namespace

std::uint32_t RowGroups::hash_of(BytesView name) {
    return static_cast<std::uint32_t>(hash_bytes(name));
}

void RowGroups::expect(BytesView group) noexcept {
    const std::uint32_t hash = hash_of(group);
    __builtin_prefetch(groups_.home(hash));
    hints_.add(hash);
}

RowGroups::Group* RowGroups::look_up(BytesView name, std::uint32_t hash) {
    return groups_.find(hash, [&](const Group& group) { return name_of(group.first()) == name; });
}

RowGroups::Group& RowGroups::group_of(const RecordEntry& entry) {
    const BytesView name = name_of(entry);
    Group* group = look_up(name, hash_of(name));
    MILLRACE_CHECK(group != nullptr);
    return *group;
}

void RowGroups::insert(RecordEntry* entry) {
    const BytesView name = name_of(*entry);
    const std::uint32_t hash = hash_of(name);
    Group* group = look_up(name, hash);
    if (group == nullptr) {
        groups_.insert({hash, false, {entry}});
        return;
    }
    if (!group->many) {
        group->rows = std::make_unique<Rows>(1, group->one).release();
        group->many = true;
    }
    group->rows->insert(place_of(*group->rows, entry->key()), entry);
}

void RowGroups::erase(RecordEntry* entry) {
    Group& group = group_of(*entry);
    if (!group.many) {
        groups_.erase(&group);
        return;
    }
    group.rows->erase(place_of(*group.rows, entry->key()));
    if (group.rows->size() == 1) {
        const std::unique_ptr<Rows> rows(group.rows);
        group.one = rows->front();
        group.many = false;
    }
}

void RowGroups::replace(RecordEntry* entry, RecordEntry* to) {
    Group& group = group_of(*entry);
    (group.many ? *place_of(*group.rows, entry->key()) : group.one) = to;
}

void RowGroups::clear() {
    for (const Group& group : groups_.places()) {
        if (group.many) {
            delete group.rows;
        }
    }
    groups_.clear();
}

std::span<RecordEntry* const> RowGroups::find(BytesView name) {
    Group* group = look_up(name, hash_of(name));
    if (group == nullptr) {
        return {};
    }
    return group->many ? std::span<RecordEntry* const>(*group->rows)
                       : std::span<RecordEntry* const>(&group->one, 1);
}

}  // namespace millrace::state
