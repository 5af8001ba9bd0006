// SPDX-License-Identifier: Apache-2.0
#include "state/merging_iterator.hpp"

#include <utility>

namespace millrace::state {
namespace {

NullableBytes view_of(const NullableOwnedBytes& bytes) {
    return bytes ? NullableBytes(*bytes) : std::nullopt;
}

}  // namespace

MergingIterator::MergingIterator(RecordTable& table, Engine& engine, KeyRange range, Order order,
                                 Visible visible, std::size_t group_size, bool in_engine)
    : engine_(in_engine ? engine.iterate(range, order) : nullptr),
      range_(std::move(range)),
      order_(order),
      visible_(std::move(visible)),
      cursor_(table,
              group_size != 0 ? BytesView(*range_.lower).substr(0, group_size) : BytesView()) {
    if (table.entries() != 0) {
        read_table(forward() ? cursor_.seek(view_of(range_.lower))
                             : cursor_.seek_before(view_of(range_.upper)));
    }
    settle();
}

const RecordTable::Entry* MergingIterator::entry_behind(BytesView key) {
    return forward() ? cursor_.next(key) : cursor_.previous(key);
}

// Takes the first row, from `entry` on, that is to be seen.
void MergingIterator::read_table(const RecordTable::Entry* entry) {
    in_table_ = false;
    for (; entry != nullptr; entry = entry_behind(entry->key())) {
        const BytesView key = entry->key();
        const bool inside = forward() ? !range_.upper || key < BytesView(*range_.upper)
                                      : !range_.lower || key >= BytesView(*range_.lower);
        if (!inside) {
            return;
        }
        if (!visible_ || visible_(*entry)) {
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
    if (at_ == At::kEngine) {
        engine_->next();
    } else {
        read_table(entry_behind(key_));
    }
    settle();
}

// Decides whose row comes next.
void MergingIterator::settle() {
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

}  // namespace millrace::state
