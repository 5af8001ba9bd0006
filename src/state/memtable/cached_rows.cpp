// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/cached_rows.hpp"

#include <vector>

namespace millrace::state {

std::size_t CachedRows::weight(const MemtableEntry& entry) const {
    constexpr std::size_t kEntryOverhead = 24;  // As in Kafka Streams: three references.
    constexpr std::size_t kContextWeight = 1 + 8 + 8 + 4;
    return entry.key_size_ + kEntryOverhead + kContextWeight + changing_weight(entry);
}

void CachedRows::set_cached(MemtableEntry& entry, bool cached) {
    if (entry.cached_ == (cached ? 1 : 0)) {
        return;
    }
    entry.cached_ = cached;
    if (cached) {
        bytes_ += weight(entry);
        rows_.bucket_of(entry).cached = true;
        ++of_hand_;
        return;
    }
    bytes_ -= weight(entry);
    if (entry.queued_) {
        queue_.erase(&entry);
    } else {
        rows_.bucket_of(entry).cached = false;
        --of_hand_;
    }
}

void CachedRows::queue(MemtableEntry& entry) {
    if (!entry.cached_) {
        entry.cached_ = 1;
        bytes_ += weight(entry);
        queue_.add(&entry);
    }
}

void CachedRows::leave_queue(MemtableEntry& entry) {
    if (entry.queued_) {
        queue_.erase(&entry);
        rows_.bucket_of(entry).cached = true;
        ++of_hand_;
    }
}

void CachedRows::remove(MemtableEntry& entry) {
    if (!entry.cached_) {
        return;
    }
    bytes_ -= weight(entry);
    if (entry.queued_) {
        queue_.erase(&entry);
    } else {
        --of_hand_;
    }
}

MemtableEntry* CachedRows::eviction_candidate() {
    MemtableEntry* first = queue_.first();
    if (first == nullptr) {
        return next_of_hand();
    }
    // Prefetches memory that the next evictions read.
    constexpr std::size_t kAhead = 8;
    if (const MemtableEntry* later = queue_.ahead(2 * kAhead); later != nullptr) {
        later->prefetch();
    }
    if (const MemtableEntry* next = queue_.ahead(kAhead); next != nullptr) {
        rows_.prefetch_bucket(next->hash());
    }
    return first;
}

MemtableEntry* CachedRows::next_of_hand() {
    if (of_hand_ == 0) {
        return nullptr;
    }
    // Two rounds clear every mark; only pending entries, which must not be evicted, can remain.
    std::vector<RowTable::Bucket>& buckets = rows_.buckets();
    constexpr std::size_t kAhead = 8;  // Prefetches the rows of the next candidates.
    for (std::size_t steps = 2 * buckets.size(); steps > 0; --steps) {
        hand_ = (hand_ + 1) & (buckets.size() - 1);
        RowTable::Bucket& bucket = buckets[hand_];
        const RowTable::Bucket& later = buckets[(hand_ + kAhead) & (buckets.size() - 1)];
        if (later.cached && !later.used) {
            later.entry->prefetch();
        }
        if (!bucket.cached) {
            continue;
        }
        if (bucket.used) {
            bucket.used = false;
        } else if (!bucket.entry->pending_) {
            return bucket.entry;
        }
    }
    return nullptr;
}

void CachedRows::clear() {
    queue_.clear();
    of_hand_ = 0;
    hand_ = 0;
    bytes_ = 0;
}

}  // namespace millrace::state
