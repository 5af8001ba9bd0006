// SPDX-License-Identifier: Apache-2.0
#include "state/engine/key_range.hpp"
#include "state/format/window_key.hpp"
#include "state/memtable/memtable_cursor.hpp"
#include "state/stores/segmented_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::state {
namespace {

// The rows of one key in the table, segment by segment.
class WalkInMemory final : private Walk {
  public:
    using Use = std::function<void(BytesView key, BytesView value)>;

    /// `place`: the key of the table to start at in the current segment, and then the current
    /// position.
    WalkInMemory(StoreLayers& layers, std::span<char> place, std::int64_t to)
        : Walk(layers.table().walks()), layers_(layers), place_(place), to_(to) {}

    void in_segment(const Use& use) {
        if (has_kept()) [[unlikely]] {
            in_segment_with_kept(Bytes(place()), use);
            return;
        }
        Memtable& table = layers_.table();
        if (table.entries() == 0) {
            return;
        }
        MemtableCursor cursor(table, group());
        const Memtable::Entry* entry = cursor.seek(place());
        while (entry != nullptr && time_of(entry->key()) <= to_) {
            const NullableBytes value = entry->value();
            if (!value || !layers_.readable(*entry)) {
                entry = cursor.next(entry->key());
                continue;
            }
            move_to(entry->key());
            use(place(), *value);
            if (has_kept()) [[unlikely]] {
                in_segment_with_kept(Bytes(place()) + '\0', use);
                return;
            }
            entry = cursor.next(place());
        }
    }

  private:
    std::size_t suffix_size() const { return layers_.expiry().suffix_size(); }
    std::int64_t time_of(BytesView key) const { return layers_.expiry().time_of(key); }
    BytesView place() const { return {place_.data(), place_.size()}; }
    BytesView group() const { return place().substr(0, place_.size() - suffix_size()); }
    void move_to(BytesView key) {
        const std::size_t size = group().size();
        key.copy(place_.data() + size, suffix_size(), size);
    }

    // `use` has changed later rows.
    void in_segment_with_kept(Bytes from, const Use& use) {
        KeyRange range;
        range.upper = Bytes(group());
        detail::append_time(timestamp_of(to_), *range.upper);
        range.upper->append(suffix_size() - kTimeSize, '\xff').push_back('\0');
        range.lower = std::move(from);
        const std::size_t group_size = group().size();
        MergingIterator rows(layers_.table(), layers_.engine(), std::move(range),
                             RowOrder::kForward, *this, group_size, false);
        for (; rows.valid(); rows.next()) {
            move_to(rows.key());
            use(rows.key(), rows.value());
        }
    }

    // Segments that `use` adds contain only rows that are later than this.
    bool ahead(BytesView key) const override {
        return key.size() == place_.size() && key > place() &&
               key.substr(kSegmentSize, group().size() - kSegmentSize) ==
                   group().substr(kSegmentSize) &&
               time_of(key) <= to_;
    }
    bool sees(const MemtableEntry& entry) const override { return layers_.readable(entry); }

    StoreLayers& layers_;
    std::span<char> place_;
    std::int64_t to_;
};

}  // namespace

bool RowsInMemory::for_each(BytesView key, std::int64_t from, std::int64_t to,
                            const std::function<void(BytesView, BytesView)>& use) {
    RowExpiry& expiry = layers_.expiry();
    const SegmentExpiry& rule = expiry.rule();
    const std::size_t suffix_size = expiry.suffix_size();
    from = std::max<std::int64_t>(
        layers_.caching() ? from : std::max(from, expiry.first_readable()), 0);
    if (rule.exact || layers_.engine().direct()) {
        return false;
    }
    // `use` may call this again: it uses its own memory then.
    std::vector<char> sought;
    sought.swap(sought_);
    sought.resize(kSegmentSize + key.size() + suffix_size);
    const std::set<std::int64_t>& segments = expiry.segments();
    const auto first = segments.lower_bound(expiry.segment_of(from));
    const auto in_range = [&](std::int64_t segment) {
        return segment * rule.segment_interval_ms <= to;
    };
    bool covered = true;
    for (auto at = first; covered && at != segments.end() && in_range(*at); ++at) {
        write_group(*at, key, sought.data());
        covered = layers_.table().has_all_from({sought.data(), kSegmentSize + key.size()}, from);
    }
    if (covered) {
        WalkInMemory walk(layers_, sought, to);
        for (auto at = first; at != segments.end() && in_range(*at);
             at = segments.upper_bound(*at)) {
            char* suffix = write_group(*at, key, sought.data());
            detail::write_big_endian(from, suffix);
            std::fill_n(suffix + kTimeSize, suffix_size - kTimeSize, '\0');
            walk.in_segment(use);
        }
    }
    sought.swap(sought_);
    return covered;
}

}  // namespace millrace::state
