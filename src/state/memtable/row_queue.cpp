// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/row_queue.hpp"

#include "core/check.hpp"

namespace millrace::state {

void RowQueue::add(MemtableEntry* row) {
    MILLRACE_CHECK(!row->queued_);
    row->queued_ = 1;
    row->write_position_ = first_place_ + static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(row);
}

void RowQueue::erase(MemtableEntry* row) {
    MILLRACE_CHECK(row->queued_ && place_of(*row) == row);
    row->queued_ = 0;
    place_of(*row) = nullptr;
    ++gone_;
    while (!rows_.empty() && rows_.front() == nullptr) {
        rows_.pop_front();
        ++first_place_;
        --gone_;
    }
    if (gone_ > rows_.size() / 2) {
        close_gaps();
    }
}

// The first row may stay for long, while others after it are added and removed.
void RowQueue::close_gaps() {
    std::erase(rows_, nullptr);
    gone_ = 0;
    std::uint32_t place = first_place_;
    for (MemtableEntry* row : rows_) {
        row->write_position_ = place++;
    }
}

void RowQueue::clear() {
    for (MemtableEntry* row : rows_) {
        if (row != nullptr) {
            row->queued_ = 0;
        }
    }
    rows_.clear();
    gone_ = 0;
}

}  // namespace millrace::state
