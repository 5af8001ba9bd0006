// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/row_table.hpp"

#include "core/check.hpp"

#include <cstring>
#include <memory>
#include <new>

namespace millrace::state {

RowTable::Found RowTable::search(BytesView key) {
    Found found;
    found.hash = static_cast<std::uint32_t>(hash_bytes(key));
    Bucket* bucket = buckets_.find(
        found.hash, [key](const Bucket& one) { return same_bytes(one.entry->key(), key); });
    if (bucket != nullptr) {
        bucket->used = true;
        found.entry = last_ = bucket->entry;
    }
    return found;
}

RowTable::Bucket& RowTable::bucket_of(const MemtableEntry& entry) {
    Bucket* bucket =
        buckets_.find(entry.hash_, [&entry](const Bucket& one) { return one.entry == &entry; });
    MILLRACE_CHECK(bucket != nullptr);
    return *bucket;
}

MemtableEntry* RowTable::add(BytesView key, std::uint32_t hash, const NullableBytes& value,
                             bool cached) {
    const std::size_t capacity = MemtableEntry::rounded_capacity(value ? value->size() : 0);
    auto* entry =
        new (memory_.allocate(sizeof(MemtableEntry) + key.size() + capacity)) MemtableEntry;
    entry->hash_ = hash;
    entry->cached_ = cached;
    entry->key_size_ = static_cast<std::uint32_t>(key.size());
    entry->capacity_[0] = static_cast<std::uint32_t>(capacity);
    std::memcpy(entry->bytes(), key.data(), key.size());
    if (value) {
        std::memcpy(entry->slot_bytes(0), value->data(), value->size());
        entry->size_[0] = static_cast<std::uint32_t>(value->size());
    }
    buckets_.insert({entry, hash, true, cached});
    return entry;
}

MemtableEntry* RowTable::move(MemtableEntry* entry, std::array<std::uint32_t, 2> capacity) {
    auto* moved =
        new (memory_.allocate(sizeof(MemtableEntry) + entry->key_size_ + capacity[0] + capacity[1]))
            MemtableEntry(*entry);
    moved->capacity_ = capacity;
    std::memcpy(moved->bytes(), entry->bytes(), entry->key_size_);
    for (unsigned which = 0; which < 2; ++which) {
        if (const NullableBytes old = entry->slot(which); old && old->size() <= capacity[which]) {
            std::memcpy(moved->slot_bytes(which), old->data(), old->size());
        }
    }
    bucket_of(*entry).entry = moved;
    last_ = moved;
    return moved;
}

void RowTable::take_out(const MemtableEntry* entry) {
    last_ = nullptr;
    buckets_.erase(&bucket_of(*entry));
}

void RowTable::put_back(MemtableEntry* entry) {
    buckets_.insert({entry, entry->hash_, true, entry->cached()});
    last_ = entry;
}

void RowTable::free(MemtableEntry* entry) noexcept {
    std::destroy_at(entry);
    memory_.deallocate(entry);
}

void RowTable::clear() noexcept {
    for (const Bucket& bucket : buckets_.places()) {
        if (!bucket.empty()) {
            free(bucket.entry);
        }
    }
    buckets_.clear();
    last_ = nullptr;
}

void RowTable::prefetch(BytesView key) noexcept {
    const auto hash = static_cast<std::uint32_t>(hash_bytes(key));
    prefetch_bucket(hash);
    prefetched_.add(hash);
}

// The buckets of the last batch are in the processor's cache by now: next, prefetch the rows that
// they refer to.
void RowTable::next_prefetch_batch() noexcept {
    for (const std::uint32_t hash : prefetched_.hashes()) {
        if (const Bucket* bucket = buckets_.home(hash); bucket != nullptr && !bucket->empty()) {
            bucket->entry->prefetch();
        }
    }
    prefetched_.clear();
}

}  // namespace millrace::state
