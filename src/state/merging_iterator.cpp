// SPDX-License-Identifier: Apache-2.0
#include "state/merging_iterator.hpp"

#include <iterator>
#include <utility>

namespace millrace::state {

MergingIterator::MergingIterator(RecordTable& table, Engine& engine, KeyRange range, Order order,
                                 Visible visible)
    : table_(&table),
      engine_(engine.iterate(range, order)),
      range_(std::move(range)),
      order_(order),
      visible_(std::move(visible)) {
    seek_table();
    settle();
}

void MergingIterator::seek_table() {
    in_table_ = false;
    if (table_->entries() == 0) {
        return;
    }
    const RecordTable::Index& index = table_->index();
    generation_ = table_->generation();
    if (order_ == Order::kForward) {
        entry_ = range_.lower ? index.lower_bound(RecordTable::Key(*range_.lower)) : index.begin();
    } else {
        entry_ = range_.upper ? index.lower_bound(RecordTable::Key(*range_.upper)) : index.end();
        entry_ = entry_ == index.begin() ? index.end() : std::prev(entry_);
    }
    read_table();
}

void MergingIterator::advance_table() {
    const RecordTable::Index& index = table_->index();
    const bool moved = generation_ != table_->generation();
    generation_ = table_->generation();
    if (order_ == Order::kForward) {
        entry_ = moved ? index.upper_bound(RecordTable::Key(key_)) : std::next(entry_);
    } else {
        if (moved) {
            entry_ = index.lower_bound(RecordTable::Key(key_));
        }
        entry_ = entry_ == index.begin() ? index.end() : std::prev(entry_);
    }
    read_table();
}

// Takes the first row at or after entry_ that is to be seen.
void MergingIterator::read_table() {
    const RecordTable::Index& index = table_->index();
    in_table_ = false;
    while (entry_ != index.end()) {
        const RecordTable::Entry& entry = *entry_->entry;
        const BytesView key = entry.key();
        const bool inside = order_ == Order::kForward
                                ? !range_.upper || key < BytesView(*range_.upper)
                                : !range_.lower || key >= BytesView(*range_.lower);
        if (!inside) {
            return;
        }
        if (!visible_ || visible_(entry)) {
            in_table_ = true;
            key_.assign(key);
            if (const NullableBytes value = entry.value()) {
                value_ ? (void)value_->assign(*value) : (void)value_.emplace(*value);
            } else {
                value_.reset();
            }
            return;
        }
        if (order_ == Order::kForward) {
            ++entry_;
        } else {
            entry_ = entry_ == index.begin() ? index.end() : std::prev(entry_);
        }
    }
}

void MergingIterator::next() {
    if (at_ == At::kEngine) {
        engine_->next();
    } else {
        advance_table();
    }
    settle();
}

// Decides whose row comes next.
void MergingIterator::settle() {
    while (true) {
        if (!in_table_) {
            at_ = engine_->valid() ? At::kEngine : At::kEnd;
            return;
        }
        if (engine_->valid()) {
            const int order = engine_->key().compare(key_);
            if (order != 0 && (order < 0) == (order_ == Order::kForward)) {
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
        advance_table();
    }
}

}  // namespace millrace::state
