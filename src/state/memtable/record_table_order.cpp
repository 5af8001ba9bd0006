// SPDX-License-Identifier: Apache-2.0
// Rows in order: all rows, and those of one group.
#include "core/check.hpp"
#include "state/memtable/record_table.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace millrace::state {

const EntryIndex& RecordTable::index() {
    index_used_ = true;
    if (!indexed_) {
        std::vector<SortedEntry> all;
        all.reserve(entries());
        for (const Bucket& bucket : buckets_.places()) {
            if (bucket.entry != nullptr) {
                all.emplace_back(bucket.entry);
            }
        }
        std::sort(all.begin(), all.end(), EntryLess{});
        for (const SortedEntry& sorted : all) {
            index_.insert(index_.end(), sorted);
        }
        indexed_ = true;
    }
    return index_;
}

std::span<RecordTable::Entry* const> RecordTable::group(BytesView group) {
    groups_used_ = true;
    if (!grouped_) {
        MILLRACE_CHECK(suffix_size_ != 0);
        for (const Bucket& bucket : buckets_.places()) {
            if (bucket.entry != nullptr) {
                groups_.insert(bucket.entry);
            }
        }
        grouped_ = true;
    }
    return groups_.find(group);
}

}  // namespace millrace::state
