// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/cached_rows.hpp"

#include "core/check.hpp"

namespace millrace::state {

namespace {

/// The largest number of listed rows.
constexpr std::size_t kFew = 256;

}  // namespace

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
        enter_hand(entry);
        return;
    }
    bytes_ -= weight(entry);
    if (entry.queued_) {
        queue_.erase(&entry);
    } else {
        rows_.bucket_of(entry).cached = false;
        leave_hand(entry);
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
        enter_hand(entry);
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
        leave_hand(entry);
    }
}

void CachedRows::enter_hand(const MemtableEntry& entry) {
    ++of_hand_;
    if (listed_) {
        few_.push_back(&entry);
        listed_ = few_.size() <= kFew;
    }
}

void CachedRows::leave_hand(const MemtableEntry& entry) {
    --of_hand_;
    if (listed_) {
        few_.erase(std::find(few_.begin(), few_.end(), &entry));
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
    if (!listed_ && few_among_many()) {
        list_few();
    }
    if (listed_) {
        return next_of_few();
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

/// Half of the limit, to avoid frequent rebuilds of the list.
bool CachedRows::few_among_many() const {
    constexpr std::size_t kMany = 64;  // Buckets that the hand passes per row.
    return of_hand_ <= kFew / 2 && rows_.buckets().size() > kMany * of_hand_;
}

void CachedRows::list_few() {
    few_.clear();
    for (const RowTable::Bucket& bucket : rows_.buckets()) {
        if (bucket.cached && !bucket.empty() && !bucket.entry->queued_) {
            few_.push_back(bucket.entry);
        }
    }
    MILLRACE_CHECK(few_.size() == of_hand_);
    next_few_ = 0;
    listed_ = true;
}

/// The clock algorithm over the list; see next_of_hand.
MemtableEntry* CachedRows::next_of_few() {
    for (std::size_t steps = 2 * few_.size(); steps > 0; --steps) {
        next_few_ = next_few_ + 1 < few_.size() ? next_few_ + 1 : 0;
        RowTable::Bucket& bucket = rows_.bucket_of(*few_[next_few_]);
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
    few_.clear();
    listed_ = false;
    of_hand_ = 0;
    hand_ = 0;
    bytes_ = 0;
}

}  // namespace millrace::state
