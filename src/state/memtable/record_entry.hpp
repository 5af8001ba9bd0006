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

namespace millrace::state {

class RecordEntry;

/// A reference to an entry that is sorted by key.
struct SortedEntry {
    explicit SortedEntry(RecordEntry* of) noexcept;

    RecordEntry* operator->() const noexcept { return entry; }

    KeyHead head;
    mutable RecordEntry* entry;  ///< May move; its key does not.
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

/// One row of a RecordTable, in one block of memory: this object, the key, and room for two values.
class RecordEntry {
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
        if (!unforwarded_) {
            return {true, value()};
        }
        if (!has_before_) {
            return {false, std::nullopt};
        }
        return {true, slot(1U - current_)};
    }

    std::uint32_t hash() const noexcept { return hash_; }  ///< Of the key.
    bool cached() const noexcept { return cached_; }
    bool unforwarded() const noexcept { return unforwarded_; }
    bool unstored() const noexcept { return unstored_; }

    /// Prefetches the row into the processor's cache, up to three cache lines.
    void prefetch() const noexcept {
        __builtin_prefetch(this);
        __builtin_prefetch(this + 1);
        __builtin_prefetch(this + 2);
    }

    /// Marks a row that takes part in a running flush.
    bool pending() const noexcept { return pending_; }

  private:
    friend class RecordTable;
    friend class RowQueue;
    static constexpr std::uint32_t kNull = 0xffffffffU;

    // Whether the slot has a value.
    bool in_use(unsigned which) const noexcept { return which == current_ || has_before_; }
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
    std::uint64_t written_ = 0;            // When last written, in the table's count of writes.
    std::uint32_t write_position_ = 0;     // In written_, pending_ or a queue.
    std::uint32_t unstored_position_ = 0;  // In unstored_.
    Partition partition_ = -1;
    std::uint16_t topic_ = 0;
    std::uint8_t current_ : 1 = 0;
    std::uint8_t cached_ : 1 = 0;
    std::uint8_t unforwarded_ : 1 = 0;
    std::uint8_t unstored_ : 1 = 0;
    std::uint8_t has_before_ : 1 = 0;
    std::uint8_t pending_ : 1 = 0;
    std::uint8_t has_headers_ : 1 = 0;
    std::uint8_t queued_ : 1 = 0;
    std::int64_t timestamp_ = -1;
    std::int64_t offset_ = -1;
};

/// Prefetches a row that an iteration over all `rows` reaches some steps after `at`: a commit finds
/// few of them in the processor's cache.
template <class Rows>
void prefetch_ahead(const Rows& rows, std::size_t at) noexcept {
    constexpr std::size_t kSteps = 6;
    if (at + kSteps < rows.size()) {
        rows[at + kSteps]->prefetch();
    }
}

inline SortedEntry::SortedEntry(RecordEntry* of) noexcept : head(of->key()), entry(of) {}

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
