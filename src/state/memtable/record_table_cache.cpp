// SPDX-License-Identifier: Apache-2.0
// The cached rows of a table, their sizes, and the eviction order.
#include "core/check.hpp"
#include "state/memtable/record_table.hpp"

#include <cstddef>
#include <vector>

namespace millrace::state {
namespace {

constexpr std::size_t kEntryOverhead = 24;  // As in Kafka Streams: three references.
constexpr std::size_t kContextWeight = 1 + 8 + 8 + 4;

}  // namespace

// How much a write may change the size of an entry.
std::size_t RecordTable::changing_weight(const Entry& entry) const {
    std::size_t weight = entry.value_size() + topics_[entry.topic_].weight;
    if (entry.has_headers_) [[unlikely]] {
        for (const Header& header : headers_.at(&entry)) {
            weight += header.key.size() + (header.value ? header.value->size() : 0);
        }
    }
    return weight;
}

std::size_t RecordTable::cache_weight(const Entry& entry) const {
    return entry.key_size_ + kEntryOverhead + kContextWeight + changing_weight(entry);
}

void RecordTable::set_cached(Entry& entry, bool cached) {
    if (entry.cached_ == (cached ? 1 : 0)) {
        return;
    }
    entry.cached_ = cached;
    if (cached) {
        cached_bytes_ += cache_weight(entry);
        bucket_of(entry).cached = true;
        ++cached_entries_;
        return;
    }
    cached_bytes_ -= cache_weight(entry);
    if (entry.queued_) {
        queue_.erase(&entry);
    } else {
        bucket_of(entry).cached = false;
        --cached_entries_;
    }
}

void RecordTable::keep_to_read(Entry& entry) {
    if (suffix_size_ == 0 || entry.cached_) {
        set_cached(entry, true);
        return;
    }
    entry.cached_ = 1;
    cached_bytes_ += cache_weight(entry);
    queue_.add(&entry);
}

// Of an entry that is written like those of a record cache.
void RecordTable::leave_queue(Entry& entry) {
    if (entry.queued_) {
        queue_.erase(&entry);
        bucket_of(entry).cached = true;
        ++cached_entries_;
    }
}

RecordTable::Entry* RecordTable::victim() {
    Entry* first = queue_.first();
    if (first == nullptr) {
        return next_of_hand();
    }
    // Prefetches memory that the next removals read.
    constexpr std::size_t kAhead = 8;
    if (const Entry* later = queue_.ahead(2 * kAhead); later != nullptr) {
        later->prefetch();
    }
    if (const Entry* next = queue_.ahead(kAhead); next != nullptr) {
        __builtin_prefetch(buckets_.home(next->hash()));
    }
    return first;
}

RecordTable::Entry* RecordTable::next_of_hand() {
    if (cached_entries_ == 0) {
        return nullptr;
    }
    // Two rounds clear every mark; only pending entries, which must not be evicted, can remain.
    std::vector<Bucket>& places = buckets_.places();
    constexpr std::size_t kAhead = 8;  // Prefetches the next entries to evict.
    for (std::size_t steps = 2 * places.size(); steps > 0; --steps) {
        hand_ = (hand_ + 1) & (places.size() - 1);
        Bucket& bucket = places[hand_];
        const Bucket& later = places[(hand_ + kAhead) & (places.size() - 1)];
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

void RecordTable::uncache(Entry& entry) {
    MILLRACE_CHECK(!entry.unforwarded_);
    if (entry.unstored_) {
        set_cached(entry, false);
    } else {
        forget(&entry);
    }
}

}  // namespace millrace::state
