// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/record_table.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace millrace::state {
namespace {

std::size_t rounded_capacity(std::size_t size) {
    return (size + 7) / 8 * 8;
}

std::size_t size_of(const NullableBytes& value) {
    return value ? value->size() : 0;
}

}  // namespace

void RecordTable::free(Entry* entry) noexcept {
    std::destroy_at(entry);
    memory_.give_back(entry);
}

RecordTable::RecordTable(std::size_t suffix_size)
    : groups_(suffix_size), suffix_size_(suffix_size) {}

RecordTable::~RecordTable() {
    clear();
}

RecordTable::Found RecordTable::search(BytesView key) {
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

RecordTable::Bucket& RecordTable::bucket_of(const Entry& entry) {
    Bucket* bucket =
        buckets_.find(entry.hash_, [&entry](const Bucket& one) { return one.entry == &entry; });
    MILLRACE_CHECK(bucket != nullptr);
    return *bucket;
}

void RecordTable::expect(BytesView key) noexcept {
    const auto hash = static_cast<std::uint32_t>(hash_bytes(key));
    __builtin_prefetch(buckets_.home(hash));
    hints_.add(hash);
}

// The buckets of the last round are in the cache by now: prefetch the rows that they refer to.
void RecordTable::next_hints() noexcept {
    for (const std::uint32_t hash : hints_.hashes()) {
        if (const Bucket* bucket = buckets_.home(hash); bucket != nullptr && !bucket->empty()) {
            bucket->entry->prefetch();
        }
    }
    hints_.clear();
    if (grouped_) {
        groups_.next_hints([this](std::uint32_t row) { __builtin_prefetch(buckets_.home(row)); });
    }
}

// If it is cached, the caller adds its size.
RecordTable::Entry* RecordTable::insert(BytesView key, std::uint32_t hash,
                                        const NullableBytes& value, bool cached) {
    const std::size_t capacity = rounded_capacity(size_of(value));
    auto* entry = new (memory_.take(sizeof(Entry) + key.size() + capacity)) Entry;
    entry->hash_ = hash;
    entry->cached_ = cached;
    cached_entries_ += cached ? 1 : 0;
    entry->key_size_ = static_cast<std::uint32_t>(key.size());
    entry->capacity_[0] = static_cast<std::uint32_t>(capacity);
    std::memcpy(entry->bytes(), key.data(), key.size());
    if (value) {
        std::memcpy(entry->slot_bytes(0), value->data(), value->size());
        entry->size_[0] = static_cast<std::uint32_t>(value->size());
    }

    buckets_.insert({entry, hash, true, cached});
    ++generation_;
    if (indexed_) {
        index_.emplace(entry);
    }
    if (grouped_) {
        groups_.insert(entry);
    }
    return entry;
}

RecordTable::Entry* RecordTable::assign(Entry* entry, unsigned slot, const NullableBytes& value) {
    if (!value) {
        entry->size_[slot] = Entry::kNull;
        return trim(entry);
    }
    if (value->size() > entry->capacity_[slot]) {
        Entry* larger = grow(entry, slot, value->size());
        std::memcpy(larger->slot_bytes(slot), value->data(), value->size());
        larger->size_[slot] = static_cast<std::uint32_t>(value->size());
        free(entry);  // Only now: the value may be a view of it.
        return larger;
    }
    std::memmove(entry->slot_bytes(slot), value->data(), value->size());
    entry->size_[slot] = static_cast<std::uint32_t>(value->size());
    return trim(entry);
}

// Frees memory that larger values have left.
RecordTable::Entry* RecordTable::trim(Entry* entry) {
    if (!entry->wasteful()) [[likely]] {
        return entry;
    }
    std::array<std::uint32_t, 2> capacity{};
    for (unsigned which = 0; which < 2; ++which) {
        capacity[which] = static_cast<std::uint32_t>(rounded_capacity(entry->size_in_use(which)));
        if (!entry->in_use(which)) {
            entry->size_[which] = Entry::kNull;
        }
    }
    Entry* smaller = move(entry, capacity);
    free(entry);
    return smaller;
}

// The caller frees the old memory.
RecordTable::Entry* RecordTable::grow(Entry* entry, unsigned slot, std::size_t size) {
    std::array<std::uint32_t, 2> capacity = entry->capacity_;
    capacity[slot] = static_cast<std::uint32_t>(rounded_capacity(
        capacity[slot] == 0 ? size : std::max(size, capacity[slot] * std::size_t{3} / 2)));
    return move(entry, capacity);
}

// Moves the values for which there is room. The caller frees the old memory.
RecordTable::Entry* RecordTable::move(Entry* entry, std::array<std::uint32_t, 2> capacity) {
    auto* moved = new (memory_.take(sizeof(Entry) + entry->key_size_ + capacity[0] + capacity[1]))
        Entry(*entry);
    moved->capacity_ = capacity;
    std::memcpy(moved->bytes(), entry->bytes(), entry->key_size_);
    for (unsigned which = 0; which < 2; ++which) {
        if (const NullableBytes old = entry->slot(which); old && old->size() <= capacity[which]) {
            std::memcpy(moved->slot_bytes(which), old->data(), old->size());
        }
    }

    if (indexed_) {
        index_.find(SoughtKey(entry->key()))->entry = moved;
    }
    if (grouped_) {
        groups_.replace(entry, moved);
    }
    bucket_of(*entry).entry = moved;
    last_ = moved;
    if (entry->queued_) {
        queue_.replace(entry, moved);
    } else if (entry->unforwarded_) {
        (entry->pending_ ? pending_ : written_)[entry->write_position_] = moved;
    }
    if (entry->unstored_) {
        unstored_[entry->unstored_position_] = moved;
    }
    if (entry->has_headers_) {
        auto node = headers_.extract(entry);
        node.key() = moved;
        headers_.insert(std::move(node));
    }
    ++generation_;
    return moved;
}

void RecordTable::remove(Entry* entry) {
    if (walks_.any()) [[unlikely]] {
        walks_.entry_leaves(*entry);
    }
    last_ = nullptr;
    if (entry->cached_) {
        cached_bytes_ -= cache_weight(*entry);
        if (entry->queued_) {
            queue_.erase(entry);
        } else {
            --cached_entries_;
        }
    }
    if (indexed_) {
        index_.erase(index_.find(SoughtKey(entry->key())));
    }
    if (grouped_) {
        groups_.erase(entry);
    }
    drop_headers(*entry);
    buckets_.erase(&bucket_of(*entry));
    ++generation_;
    free(entry);
}

// For an entry that the engine has unchanged.
void RecordTable::forget(Entry* entry) {
    if (suffix_size_ != 0 && entry->value()) {  // A deletion leaves nothing in the engine.
        uncover(entry->key());
    }
    remove(entry);
}

// Whether the layers below never had the row.
bool RecordTable::unseen(const Entry& entry) {
    return entry.unforwarded_ && !entry.pending_ && !entry.unstored_ && entry.has_before_ &&
           !entry.below().value;
}

// Whether a deletion of `key` (with its entry, if any) is of a row that the layers below never had.
// The entry is removed then.
bool RecordTable::forget_unseen(Entry* entry, BytesView key) {
    if (entry == nullptr) {
        return covers(key);
    }
    if (!unseen(*entry)) {
        return false;
    }
    take_from_written(entry);
    remove(entry);
    return true;
}

void RecordTable::rename(Entry* entry, BytesView key, std::uint32_t hash) {
    const auto change_key = [&] {
        std::memcpy(entry->bytes(), key.data(), key.size());
        entry->hash_ = hash;
    };
    buckets_.erase(&bucket_of(*entry));
    if (indexed_) {
        index_.erase(index_.find(SoughtKey(entry->key())));
    }
    if (grouped_) {
        groups_.rename(entry, change_key);
    } else {
        change_key();
    }
    if (indexed_) {
        index_.emplace(entry);
    }
    buckets_.insert({entry, hash, true, entry->cached()});
    last_ = entry;
    ++generation_;
}

bool RecordTable::rename_cached(BytesView from, BytesView to, BytesView value,
                                const detail::RecordContext& context) {
    Entry* entry = look_up(from).entry;
    if (entry == nullptr || !entry->cached_ || !unseen(*entry) || group_of(from) != group_of(to)) {
        return false;
    }
    if (from != to) {
        const Found found = search(to);
        if (found.entry != nullptr) {
            return false;
        }
        rename(entry, to, found.hash);
    }
    const std::size_t weight = changing_weight(*entry);
    entry->has_before_ = covers(to);  // And did not exist.
    entry = assign(entry, entry->current_, value);
    touch(*entry);
    set_context(*entry, context);
    cached_bytes_ += changing_weight(*entry) - weight;
    return true;
}

std::size_t RecordTable::unstored_weight(const Entry& entry) {
    constexpr std::size_t kOfTable = 40;  // The bucket, and the head of the memory block.
    return sizeof(Entry) + kOfTable + entry.key_size_ + size_of(entry.below().value);
}

void RecordTable::mark_unstored(Entry& entry) {
    if (!entry.unstored_) {
        entry.unstored_ = 1;
        entry.unstored_position_ = static_cast<std::uint32_t>(unstored_.size());
        unstored_.push_back(&entry);
    }
    unstored_bytes_ += unstored_weight(entry);
}

std::uint16_t RecordTable::topic_index(const std::string* topic) {
    for (std::size_t at = topics_.size(); at-- > 0;) {
        if (topics_[at].name == topic) {
            return static_cast<std::uint16_t>(at);
        }
    }
    MILLRACE_CHECK(topics_.size() < 0xffff);
    topics_.push_back({topic, topic->size()});
    return static_cast<std::uint16_t>(topics_.size() - 1);
}

void RecordTable::drop_headers(Entry& entry) {
    if (entry.has_headers_) [[unlikely]] {
        headers_.erase(&entry);
        entry.has_headers_ = 0;
    }
}

void RecordTable::set_context(Entry& entry, const detail::RecordContext& context) {
    stamp(entry, context);
    if (topics_[entry.topic_].name != context.topic) {
        entry.topic_ = topic_index(context.topic);
    }
    if (context.headers != nullptr && !context.headers->empty()) {
        headers_.insert_or_assign(&entry, *context.headers);
        entry.has_headers_ = 1;
    } else {
        drop_headers(entry);
    }
}

detail::RecordContext RecordTable::context_of(const Entry& entry) const {
    detail::RecordContext context;
    context.timestamp = timestamp_of(entry.timestamp_);
    context.offset = entry.offset_;
    context.partition = entry.partition_;
    context.topic = topics_[entry.topic_].name;
    context.headers = entry.has_headers_ ? &headers_.at(&entry) : nullptr;
    return context;
}

void RecordTable::remember(BytesView key, const NullableBytes& value) {
    const Found found = look_up(key);
    MILLRACE_CHECK(found.entry == nullptr);
    keep_to_read(*insert(key, found.hash, value, false));
}

void RecordTable::write_cached(Found found, BytesView key, const NullableBytes& value,
                               const detail::RecordContext& context, Write how) {
    Entry* entry = found.entry;
    if (how.forget_unseen && !value && forget_unseen(entry, key)) {
        return;
    }
    if (entry == nullptr) {
        entry = insert(key, found.hash, value, true);
        entry->has_before_ = covers(key);  // And did not exist.
        set_context(*entry, context);
        cached_bytes_ += cache_weight(*entry);
        append_written(entry);
        return;
    }

    leave_queue(*entry);
    const std::size_t weight = changing_weight(*entry);
    if (entry->unforwarded_) {
        entry = assign(entry, entry->current_, value);
        touch(*entry);
    } else {
        const bool keep = how.keep_before || entry->unstored_;
        const unsigned slot = keep ? 1U - entry->current_ : entry->current_;
        entry->current_ = slot & 1U;
        entry->has_before_ = keep;
        entry = assign(entry, slot, value);
        append_written(entry);
    }
    set_context(*entry, context);
    if (entry->cached_) {
        cached_bytes_ += changing_weight(*entry) - weight;
    } else {
        set_cached(*entry, true);
    }
}

void RecordTable::write_through(BytesView key, const NullableBytes& value) {
    const Found found = look_up(key);
    Entry* entry = found.entry;
    if (entry == nullptr) {
        entry = insert(key, found.hash, value, false);
    } else {
        MILLRACE_CHECK(!entry->unforwarded_);
        if (entry->unstored_) {
            unstored_bytes_ -= unstored_weight(*entry);
        }
        if (entry->cached_) {
            cached_bytes_ -= cache_weight(*entry);
        }
        entry = assign(entry, entry->current_, value);
        if (entry->cached_) {
            cached_bytes_ += cache_weight(*entry);
        }
    }
    mark_unstored(*entry);
}

void RecordTable::clear() {
    if (walks_.any()) {
        for_each([this](const Entry& entry) { walks_.entry_leaves(entry); });
    }
    queue_.clear();
    for (const Bucket& bucket : buckets_.places()) {
        if (bucket.entry != nullptr) {
            free(bucket.entry);
        }
    }
    buckets_.clear();
    last_ = nullptr;
    index_.clear();
    indexed_ = false;
    groups_.clear();
    grouped_ = false;
    coverage_ = {};
    headers_.clear();
    written_.clear();
    pending_.clear();
    next_pending_ = 0;
    unstored_.clear();
    cached_entries_ = 0;
    cached_bytes_ = 0;
    unstored_bytes_ = 0;
    hand_ = 0;
    ++generation_;
}

}  // namespace millrace::state
