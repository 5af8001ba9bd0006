// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/dirty_rows.hpp"

#include "core/check.hpp"

#include <algorithm>
#include <utility>

namespace millrace::state {

void DirtyRows::add(MemtableEntry* entry) {
    entry->dirty_ = 1;
    entry->written_ = ++writes_;
    entry->write_position_ = static_cast<std::uint32_t>(written_.size());
    written_.push_back(entry);
}

void DirtyRows::take_out(const MemtableEntry* entry) {
    MemtableEntry* last = written_.back();
    written_[entry->write_position_] = last;
    last->write_position_ = entry->write_position_;
    written_.pop_back();
}

void DirtyRows::begin_flush(MemtableEntry* first) {
    flushing_.erase(flushing_.begin(), flushing_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    if (first != nullptr && !first->pending_) {
        take_out(first);
        flushing_.push_back(first);
    }
    std::vector<std::pair<std::uint64_t, MemtableEntry*>> by_last_write;
    by_last_write.reserve(written_.size());
    for (std::size_t at = 0; at < written_.size(); ++at) {
        prefetch_ahead(written_, at);
        by_last_write.emplace_back(written_[at]->written_, written_[at]);
    }
    std::sort(by_last_write.begin(), by_last_write.end());
    for (const auto& [write, entry] : by_last_write) {
        flushing_.push_back(entry);
    }
    clear_for_reuse(written_);
    for (std::size_t at = 0; at < flushing_.size(); ++at) {
        flushing_[at]->pending_ = 1;
        flushing_[at]->write_position_ = static_cast<std::uint32_t>(at);
    }
}

MemtableEntry* DirtyRows::next() {
    if (next_ == flushing_.size()) {
        clear_for_reuse(flushing_);
        next_ = 0;
        return nullptr;
    }
    prefetch_ahead(flushing_, next_);
    return flushing_[next_];
}

void DirtyRows::flushed(MemtableEntry& entry) {
    MILLRACE_CHECK(entry.pending_ && flushing_[next_] == &entry);
    ++next_;
    entry.pending_ = 0;
    entry.dirty_ = 0;
    entry.has_before_ = 0;
}

void DirtyRows::clear() {
    written_.clear();
    flushing_.clear();
    next_ = 0;
}

}  // namespace millrace::state
