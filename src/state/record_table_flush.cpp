// SPDX-License-Identifier: Apache-2.0
// The way of a row from written to forwarded to stored.
#include "core/check.hpp"
#include "state/record_table.hpp"

#include <algorithm>
#include <iterator>

namespace millrace::state {

void RecordTable::append_written(Entry* entry) {
    if (written_.size() > 4 * written_live_ + 1024) {
        compact_written();
    }
    entry->unforwarded_ = 1;
    entry->write_position_ = static_cast<std::uint32_t>(written_.size());
    written_.push_back(entry);
    ++written_live_;
}

void RecordTable::compact_written() {
    std::erase(written_, nullptr);
    for (std::size_t at = 0; at < written_.size(); ++at) {
        written_[at]->write_position_ = static_cast<std::uint32_t>(at);
    }
}

void RecordTable::begin_flush(Entry* first) {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(next_pending_));
    next_pending_ = 0;
    if (first != nullptr && !first->pending_) {
        written_[first->write_position_] = nullptr;
        pending_.push_back(first);
    }
    std::copy_if(written_.begin(), written_.end(), std::back_inserter(pending_),
                 [](const Entry* entry) { return entry != nullptr; });
    written_.clear();
    written_live_ = 0;
    for (std::size_t at = 0; at < pending_.size(); ++at) {
        pending_[at]->pending_ = 1;
        pending_[at]->write_position_ = static_cast<std::uint32_t>(at);
    }
}

RecordTable::Entry* RecordTable::next_pending() {
    if (next_pending_ == pending_.size()) {
        pending_.clear();
        next_pending_ = 0;
        return nullptr;
    }
    return pending_[next_pending_];
}

void RecordTable::settle(Entry& entry, bool store, bool keep) {
    MILLRACE_CHECK(entry.pending_ && pending_[next_pending_] == &entry);
    ++next_pending_;
    if (entry.unstored_) {
        unstored_bytes_ -= unstored_weight(entry);
    }
    entry.pending_ = 0;
    entry.unforwarded_ = 0;
    entry.has_before_ = 0;
    if (store) {
        mark_unstored(entry);
    } else if (entry.unstored_) {
        unstored_bytes_ += unstored_weight(entry);
    }
    set_cached(entry, keep && entry.cached_);
    remove_if_idle(&entry);
}

void RecordTable::mark_stored() {
    std::vector<Entry*> stored;
    stored.swap(unstored_);
    unstored_bytes_ = 0;
    for (Entry* entry : stored) {
        entry->unstored_ = 0;
        // A row that is gone need not be remembered as such: the engine says so as fast.
        if (!entry->unforwarded_ && !entry->value()) {
            set_cached(*entry, false);
        }
        remove_if_idle(entry);
    }
    stored.clear();
    unstored_.swap(stored);  // Keeps the memory.
    if (indexed_ && !index_used_) {
        index_.clear();
        indexed_ = false;
        ++generation_;
    }
    index_used_ = false;
}

void RecordTable::roll_back() {
    std::vector<Entry*> doomed;
    for (const Bucket& bucket : buckets_) {
        if (bucket.entry != nullptr && (bucket.entry->unforwarded_ || bucket.entry->unstored_)) {
            doomed.push_back(bucket.entry);
        }
    }
    written_.clear();
    written_live_ = 0;
    pending_.clear();
    next_pending_ = 0;
    unstored_.clear();
    unstored_bytes_ = 0;
    for (Entry* entry : doomed) {
        entry->unstored_ = 0;
        set_cached(*entry, false);
        remove(entry);
    }
}

}  // namespace millrace::state
