// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/merging_iterator.hpp"

#include <iterator>
#include <utility>

namespace millrace::state {
namespace {

NullableBytes view_of(const NullableOwnedBytes& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

}  // namespace

MergingIterator::MergingIterator(Memtable& table, Engine& engine, KeyRange range, RowOrder order,
                                 Walk& walk, std::size_t group_size, bool in_engine)
    : engine_(in_engine ? engine.iterate(range, order) : nullptr),
      range_(std::move(range)),
      order_(order),
      walk_(walk),
      cursor_(table,
              group_size != 0 ? BytesView(*range_.lower).substr(0, group_size) : BytesView()) {
    if (table.entries() != 0) {
        read_table(forward() ? cursor_.seek(view_of(range_.lower))
                             : cursor_.seek_before(view_of(range_.upper)));
    }
    settle();
}

bool MergingIterator::before_end(BytesView key) const {
    return forward() ? !range_.upper || key < BytesView(*range_.upper)
                     : !range_.lower || key >= BytesView(*range_.lower);
}

bool MergingIterator::ahead(BytesView key) const {
    if (!valid()) {
        return false;
    }
    const int order = key.compare(this->key());
    return order != 0 && (order > 0) == forward() && before_end(key);
}

const Memtable::Entry* MergingIterator::entry_behind(BytesView key) {
    return forward() ? cursor_.next(key) : cursor_.previous(key);
}

// Takes the first visible row, from `entry` on.
void MergingIterator::read_table(const Memtable::Entry* entry) {
    in_table_ = false;
    for (; entry != nullptr; entry = entry_behind(entry->key())) {
        const BytesView key = entry->key();
        if (!before_end(key)) {
            return;
        }
        if (walk_.sees(*entry)) {
            in_table_ = true;
            key_.assign(key);
            if (const NullableBytes value = entry->value()) {
                value_ ? (void)value_->assign(*value) : (void)value_.emplace(*value);
            } else {
                value_.reset();
            }
            return;
        }
    }
}

void MergingIterator::next() {
    if (past_) [[unlikely]] {
        past_.reset();
        show_past();
        return;
    }
    skip_present();
    settle();
}

void MergingIterator::skip_present() {
    if (at_ == At::kEngine) {
        engine_->next();
    } else {
        read_table(entry_behind(key_));
    }
}

// Chooses the source of the next row.
void MergingIterator::settle_present() {
    while (true) {
        if (!in_table_) {
            at_ = engine_valid() ? At::kEngine : At::kEnd;
            return;
        }
        if (engine_valid()) {
            const int order = engine_->key().compare(key_);
            if (order != 0 && (order < 0) == forward()) {
                at_ = At::kEngine;
                return;
            }
            if (order == 0) {
                engine_->next();
            }
        }
        if (value_) {
            at_ = At::kTable;
            return;
        }
        read_table(entry_behind(key_));
    }
}

void MergingIterator::settle() {
    settle_present();
    if (walk_.has_kept()) [[unlikely]] {
        show_past();
    }
}

// Replaces changed rows by their copies.
void MergingIterator::show_past() {
    while (true) {
        const auto past = next_past();
        if (past == walk_.kept().end()) {
            return;
        }
        if (at_ != At::kEnd) {
            const int order = past->first.compare(present_key());
            if (order != 0 && (order > 0) == forward()) {
                return;
            }
            if (order == 0) {
                skip_present();
                settle_present();
            }
        }
        Walk::Kept::node_type row = walk_.kept().extract(past);
        if (row.mapped().value) {
            past_.emplace(std::move(row));
            return;
        }
    }
}

// All remaining copies are after the last returned row, or in another range.
Walk::Kept::iterator MergingIterator::next_past() {
    Walk::Kept& kept = walk_.kept();
    auto found = kept.end();
    if (forward()) {
        found = range_.lower ? kept.lower_bound(*range_.lower) : kept.begin();
    } else {
        found = range_.upper ? kept.lower_bound(*range_.upper) : kept.end();
        found = found == kept.begin() ? kept.end() : std::prev(found);
    }
    return found != kept.end() && before_end(found->first) ? found : kept.end();
}

}  // namespace millrace::state
