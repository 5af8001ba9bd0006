// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/memtable.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace millrace::state {

Memtable::Memtable(std::size_t suffix_size) : order_(suffix_size), suffix_size_(suffix_size) {}

Memtable::~Memtable() {
    clear();
}

// For a cached entry, the caller then sets its context and adds it to the cached rows.
Memtable::Entry* Memtable::insert(BytesView key, std::uint32_t hash, const NullableBytes& value,
                                  bool cached) {
    Entry* entry = rows_.add(key, hash, value, cached);
    order_.insert(entry);
    return entry;
}

Memtable::Entry* Memtable::assign(Entry* entry, unsigned slot, const NullableBytes& value) {
    if (!value) {
        entry->size_[slot] = Entry::kNull;
        return trim(entry);
    }
    const std::size_t size = value->size();
    if (size <= entry->capacity_[slot]) {
        std::memmove(entry->slot_bytes(slot), value->data(), size);
        entry->size_[slot] = static_cast<std::uint32_t>(size);
        return trim(entry);
    }
    std::array<std::uint32_t, 2> capacity = entry->capacity_;
    capacity[slot] = static_cast<std::uint32_t>(Entry::rounded_capacity(
        capacity[slot] == 0 ? size : std::max(size, capacity[slot] * std::size_t{3} / 2)));
    Entry* larger = move(entry, capacity);
    std::memcpy(larger->slot_bytes(slot), value->data(), size);
    larger->size_[slot] = static_cast<std::uint32_t>(size);
    rows_.free(entry);  // Only now: the value may be a view of it.
    return larger;
}

// Frees memory that larger values have left.
Memtable::Entry* Memtable::trim(Entry* entry) {
    if (!entry->wasteful()) [[likely]] {
        return entry;
    }
    std::array<std::uint32_t, 2> capacity{};
    for (unsigned which = 0; which < 2; ++which) {
        capacity[which] =
            static_cast<std::uint32_t>(Entry::rounded_capacity(entry->size_in_use(which)));
        if (!entry->in_use(which)) {
            entry->size_[which] = Entry::kNull;
        }
    }
    Entry* smaller = move(entry, capacity);
    rows_.free(entry);
    return smaller;
}

// The caller frees the old memory.
Memtable::Entry* Memtable::move(Entry* entry, std::array<std::uint32_t, 2> capacity) {
    Entry* moved = rows_.move(entry, capacity);
    order_.replace(entry, moved);
    cached_.replace(entry, moved);
    dirty_.replace(entry, moved);
    uncommitted_.replace(entry, moved);
    contexts_.replace(entry, moved);
    return moved;
}

void Memtable::remove(Entry* entry) {
    if (walks_.any()) [[unlikely]] {
        walks_.entry_leaves(*entry);
    }
    cached_.remove(*entry);
    order_.erase(entry);
    contexts_.remove(*entry);
    rows_.take_out(entry);
    rows_.free(entry);
}

// For an entry that the engine has unchanged.
void Memtable::remove_stored(Entry* entry) {
    if (suffix_size_ != 0 && entry->value()) {  // A deletion leaves nothing in the engine.
        add_missing(entry->key());
    }
    remove(entry);
}

// Whether the layers below never had the row.
bool Memtable::unseen(const Entry& entry) {
    return entry.dirty_ && !entry.pending_ && !entry.uncommitted_ && entry.has_before_ &&
           !entry.below().value;
}

// Whether a deletion of `key` (with its entry, if any) is of a row that the layers below never had.
// The entry is removed then.
bool Memtable::remove_unseen(Entry* entry, BytesView key) {
    if (entry == nullptr) {
        return has_all_from(key);
    }
    if (!unseen(*entry)) {
        return false;
    }
    dirty_.take_out(entry);
    remove(entry);
    return true;
}

void Memtable::rename(Entry* entry, BytesView key, std::uint32_t hash) {
    rows_.take_out(entry);
    order_.rename(entry, [&] {
        std::memcpy(entry->bytes(), key.data(), key.size());
        entry->hash_ = hash;
    });
    rows_.put_back(entry);
}

bool Memtable::rename_cached(BytesView from, BytesView to, BytesView value,
                             const detail::RecordContext& context) {
    Entry* entry = find(from);
    if (entry == nullptr || !entry->cached_ || !unseen(*entry) || group_of(from) != group_of(to)) {
        return false;
    }
    if (from != to) {
        const RowTable::Found found = rows_.search(to);
        if (found.entry != nullptr) {
            return false;
        }
        rename(entry, to, found.hash);
    }
    const std::size_t weight = cached_.changing_weight(*entry);
    entry->has_before_ = has_all_from(to);  // And did not exist.
    entry = assign(entry, entry->current_, value);
    dirty_.touch(*entry);
    contexts_.set(*entry, context);
    cached_.reweigh(*entry, weight);
    return true;
}

// Clean rows with a time are evicted in insertion order.
void Memtable::cache_clean(Entry& entry) {
    if (suffix_size_ == 0) {
        cached_.set_cached(entry, true);
    } else {
        cached_.queue(entry);
    }
}

void Memtable::add_clean(BytesView key, const NullableBytes& value) {
    const RowTable::Found found = rows_.look_up(key);
    MILLRACE_CHECK(found.entry == nullptr);
    cache_clean(*insert(key, found.hash, value, false));
}

void Memtable::write_cached(RowTable::Found found, BytesView key, const NullableBytes& value,
                            const detail::RecordContext& context, Write how) {
    Entry* entry = found.entry;
    if (how.remove_unseen && !value && remove_unseen(entry, key)) {
        return;
    }
    if (entry == nullptr) {
        entry = insert(key, found.hash, value, true);
        entry->has_before_ = has_all_from(key);  // And did not exist.
        contexts_.set(*entry, context);
        cached_.added(*entry);
        dirty_.add(entry);
        return;
    }

    cached_.leave_queue(*entry);
    const std::size_t weight = cached_.changing_weight(*entry);
    if (entry->dirty_) {
        entry = assign(entry, entry->current_, value);
        dirty_.touch(*entry);
    } else {
        const bool keep = how.keep_before || entry->uncommitted_;
        const unsigned slot = keep ? 1U - entry->current_ : entry->current_;
        entry->current_ = slot & 1U;
        entry->has_before_ = keep;
        entry = assign(entry, slot, value);
        dirty_.add(entry);
    }
    contexts_.set(*entry, context);
    if (entry->cached_) {
        cached_.reweigh(*entry, weight);
    } else {
        cached_.set_cached(*entry, true);
    }
}

void Memtable::write_through(BytesView key, const NullableBytes& value) {
    const RowTable::Found found = rows_.look_up(key);
    Entry* entry = found.entry;
    if (entry == nullptr) {
        entry = insert(key, found.hash, value, false);
    } else {
        MILLRACE_CHECK(!entry->dirty_);
        uncommitted_.before_change(*entry);
        const std::size_t weight = entry->cached_ ? cached_.changing_weight(*entry) : 0;
        entry = assign(entry, entry->current_, value);
        cached_.reweigh(*entry, weight);
    }
    uncommitted_.add(*entry);
    uncommitted_.after_change(*entry);
}

void Memtable::flushed(Entry& entry, bool uncommitted, bool keep) {
    uncommitted_.before_change(entry);
    dirty_.flushed(entry);
    if (uncommitted) {
        uncommitted_.add(entry);
    }
    uncommitted_.after_change(entry);
    cached_.set_cached(entry, keep && entry.cached_);
    if (entry.cached_ || entry.uncommitted_) {
        trim(&entry);  // The value before may have been large.
    } else {
        remove_stored(&entry);
    }
}

void Memtable::evict(Entry& entry) {
    MILLRACE_CHECK(!entry.dirty_);
    if (entry.uncommitted_) {
        cached_.set_cached(entry, false);
    } else {
        remove_stored(&entry);
    }
}

void Memtable::committed(const std::function<AtCommit(const Entry&)>& how) {
    uncommitted_.commit([&](Entry* entry) {
        if (entry->dirty_) {
            return;
        }
        const AtCommit now = how(*entry);
        // A deleted row need not be kept: the engine answers as fast.
        if (!entry->value()) {
            cached_.set_cached(*entry, false);
        } else if (now == AtCommit::kStays) {
            cache_clean(*entry);
        }
        if (entry->cached_) {
            return;
        }
        if (now == AtCommit::kNotStored) {
            remove(entry);
        } else {
            remove_stored(entry);
        }
    });
    rows_.fit();
    order_.give_up_unused();
}

void Memtable::roll_back() {
    std::vector<Entry*> doomed;
    for_each([&doomed](Entry& entry) {
        if (entry.dirty_ || entry.uncommitted_) {
            doomed.push_back(&entry);
        }
    });
    dirty_.clear();
    uncommitted_.clear();
    for (Entry* entry : doomed) {
        remove(entry);
    }
}

void Memtable::clear() {
    if (walks_.any()) {
        for_each([this](const Entry& entry) { walks_.entry_leaves(entry); });
    }
    cached_.clear();
    rows_.clear();
    order_.clear();
    complete_ = {};
    contexts_.clear();
    dirty_.clear();
    uncommitted_.clear();
}

std::span<Memtable::Entry* const> Memtable::group(BytesView group) {
    MILLRACE_CHECK(suffix_size_ != 0);
    return order_.group(rows_, group);
}

}  // namespace millrace::state
