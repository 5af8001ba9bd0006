// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/key_order.hpp"

#include <algorithm>
#include <vector>

namespace millrace::state {

void KeyOrder::insert(MemtableEntry* entry) {
    if (indexed_) {
        index_.emplace(entry);
    }
    if (grouped_) {
        groups_.insert(entry);
    }
    ++generation_;
}

void KeyOrder::erase(MemtableEntry* entry) {
    if (indexed_) {
        index_.erase(index_.find(SoughtKey(entry->key())));
    }
    if (grouped_) {
        groups_.erase(entry);
    }
    ++generation_;
}

void KeyOrder::replace(MemtableEntry* entry, MemtableEntry* to) {
    if (indexed_) {
        index_.find(SoughtKey(entry->key()))->entry = to;
    }
    if (grouped_) {
        groups_.replace(entry, to);
    }
    ++generation_;
}

void KeyOrder::clear() {
    index_.clear();
    indexed_ = false;
    groups_.clear();
    grouped_ = false;
    ++generation_;
}

const EntryIndex& KeyOrder::index(const RowTable& rows) {
    index_used_ = true;
    if (!indexed_) {
        std::vector<SortedEntry> all;
        all.reserve(rows.size());
        rows.for_each([&all](MemtableEntry& entry) { all.emplace_back(&entry); });
        std::sort(all.begin(), all.end(), EntryLess{});
        for (const SortedEntry& sorted : all) {
            index_.insert(index_.end(), sorted);
        }
        indexed_ = true;
    }
    return index_;
}

std::span<MemtableEntry* const> KeyOrder::group(const RowTable& rows, BytesView name) {
    groups_used_ = true;
    if (!grouped_) {
        rows.for_each([this](MemtableEntry& entry) { groups_.insert(&entry); });
        grouped_ = true;
    }
    return groups_.find(name);
}

void KeyOrder::give_up_unused() {
    if (indexed_ && !index_used_) {
        index_.clear();
        indexed_ = false;
        ++generation_;
    }
    index_used_ = false;
    if (grouped_ && !groups_used_) {
        groups_.clear();
        grouped_ = false;
        ++generation_;
    } else {
        groups_.fit();
    }
    groups_used_ = false;
}

}  // namespace millrace::state
