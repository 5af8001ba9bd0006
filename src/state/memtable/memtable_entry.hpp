// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "state/engine/key_head.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

namespace millrace::state {

class MemtableEntry;

/// A reference to an entry that is sorted by key.
struct SortedEntry {
    explicit SortedEntry(MemtableEntry* of) noexcept;

    MemtableEntry* operator->() const noexcept { return entry; }

    KeyHead head;
    mutable MemtableEntry* entry;  ///< May move; its key stays.
};

/// A key to search for among sorted entries. Must outlive this.
struct SoughtKey {
    explicit SoughtKey(BytesView of) noexcept : head(of), bytes(of) {}

    KeyHead head;
    BytesView bytes;
};

class EntryLess {
  public:
    using is_transparent = void;
    bool operator()(const SortedEntry& left, const SortedEntry& right) const noexcept;
    bool operator()(const SortedEntry& left, const SoughtKey& right) const noexcept;
    bool operator()(const SoughtKey& left, const SortedEntry& right) const noexcept;
};

/// Entries by key.
using EntryIndex = std::set<SortedEntry, EntryLess>;

/// One row of a Memtable, in one block of memory: this object, the key, and room for two values.
class MemtableEntry {
  public:
    BytesView key() const noexcept { return {bytes(), key_size_}; }

    /// The value that reads return.
    NullableBytes value() const noexcept { return slot(current_); }
    std::size_t value_size() const noexcept {
        return size_[current_] == kNull ? 0 : size_[current_];
    }

    /// The value of the layers below, if it is known; otherwise `known` is false.
    struct Below {
        bool known;
        NullableBytes value;
    };
    Below below() const noexcept {
        if (!dirty_) {
            return {true, value()};
        }
        if (!has_before_) {
            return {false, std::nullopt};
        }
        return {true, slot(1U - current_)};
    }

    std::uint32_t hash() const noexcept { return hash_; }  ///< Of the key.
    bool cached() const noexcept { return cached_; }
    bool dirty() const noexcept { return dirty_; }
    bool uncommitted() const noexcept { return uncommitted_; }

    /// Prefetches the row into the processor's cache, up to three cache lines.
    // Always inlined, like all functions that only prefetch: g++ takes them for functions without
    // effect, and removes calls of them.
    [[gnu::always_inline]] void prefetch() const noexcept {
        __builtin_prefetch(this);
        __builtin_prefetch(this + 1);
        __builtin_prefetch(this + 2);
    }

    /// Whether the row is part of a running flush.
    bool pending() const noexcept { return pending_; }

  private:
    friend class Memtable;  // And its parts:
    friend class CachedRows;
    friend class DirtyRows;
    friend class EntryContexts;
    friend class RowQueue;
    friend class RowTable;
    friend class UncommittedRows;
    static constexpr std::uint32_t kNull = 0xffffffffU;

    static std::size_t rounded_capacity(std::size_t size) { return (size + 7) / 8 * 8; }

    // Whether the slot has a value.
    bool in_use(unsigned which) const noexcept { return which == current_ || has_before_; }
    std::size_t below_size() const noexcept {
        return !dirty_ ? value_size() : has_before_ ? size_in_use(1U - current_) : 0;
    }
    std::size_t size_in_use(unsigned which) const noexcept {
        return in_use(which) && size_[which] != kNull ? size_[which] : 0;
    }
    // Whether its memory is much larger than its values. Values usually grow and shrink within the
    // allocated room.
    bool wasteful() const noexcept {
        constexpr std::size_t kSpare = 256;
        constexpr std::size_t kTimes = 3;
        const std::size_t room = std::size_t{capacity_[0]} + capacity_[1];
        return room > kSpare && room - kSpare > kTimes * (size_in_use(0) + size_in_use(1));
    }

    const char* bytes() const noexcept { return reinterpret_cast<const char*>(this + 1); }
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    char* slot_bytes(unsigned which) noexcept {
        return bytes() + key_size_ + (which == 0 ? 0 : capacity_[0]);
    }
    // With a value of the same size, which may be this one.
    void overwrite(BytesView value) noexcept {
        // Frequent sizes (counts), copied without a function call.
        constexpr std::size_t kTimedNumber = 16;
        if (value.size() == kTimedNumber) {
            std::array<char, kTimedNumber> copy;
            std::memcpy(copy.data(), value.data(), kTimedNumber);
            std::memcpy(slot_bytes(current_), copy.data(), kTimedNumber);
        } else {
            std::memmove(slot_bytes(current_), value.data(), value.size());
        }
    }
    NullableBytes slot(unsigned which) const noexcept {
        if (size_[which] == kNull) {
            return std::nullopt;
        }
        return BytesView(bytes() + key_size_ + (which == 0 ? 0 : capacity_[0]), size_[which]);
    }

    std::uint32_t hash_ = 0;
    std::uint32_t key_size_ = 0;
    std::array<std::uint32_t, 2> size_{kNull, kNull};
    std::array<std::uint32_t, 2> capacity_{0, 0};
    std::uint64_t written_ = 0;               // When last written, in DirtyRows' count of writes.
    std::uint32_t write_position_ = 0;        // In a list of DirtyRows, or a RowQueue.
    std::uint32_t uncommitted_position_ = 0;  // In UncommittedRows.
    Partition partition_ = -1;
    std::uint16_t topic_ = 0;
    std::uint8_t current_ : 1 = 0;
    std::uint8_t cached_ : 1 = 0;
    std::uint8_t dirty_ : 1 = 0;
    std::uint8_t uncommitted_ : 1 = 0;
    std::uint8_t has_before_ : 1 = 0;
    std::uint8_t pending_ : 1 = 0;
    std::uint8_t has_headers_ : 1 = 0;
    std::uint8_t queued_ : 1 = 0;
    std::int64_t timestamp_ = -1;
    std::int64_t offset_ = -1;
};

/// Prefetches a row that a loop over all `rows` reaches some steps after `at`: a commit finds few
/// of them in the processor's cache.
template <class Rows>
[[gnu::always_inline]] inline void prefetch_ahead(const Rows& rows, std::size_t at) noexcept {
    constexpr std::size_t kSteps = 6;
    if (at + kSteps < rows.size()) {
        rows[at + kSteps]->prefetch();
    }
}

/// Empties `rows` for the next round, which will have about the same size; frees memory if the last
/// round was far smaller than the capacity.
inline void clear_for_reuse(std::vector<MemtableEntry*>& rows) {
    constexpr std::size_t kFew = 1024;
    constexpr std::size_t kTimes = 8;
    if (rows.capacity() > kFew && rows.capacity() / kTimes > rows.size()) {
        rows = {};
    }
    rows.clear();
}

inline SortedEntry::SortedEntry(MemtableEntry* of) noexcept : head(of->key()), entry(of) {}

inline bool EntryLess::operator()(const SortedEntry& left,
                                  const SortedEntry& right) const noexcept {
    return left.head != right.head ? left.head < right.head
                                   : left.entry->key() < right.entry->key();
}
inline bool EntryLess::operator()(const SortedEntry& left, const SoughtKey& right) const noexcept {
    return left.head != right.head ? left.head < right.head : left.entry->key() < right.bytes;
}
inline bool EntryLess::operator()(const SoughtKey& left, const SortedEntry& right) const noexcept {
    return left.head != right.head ? left.head < right.head : left.bytes < right.entry->key();
}

}  // namespace millrace::state
