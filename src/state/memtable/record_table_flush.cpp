// SPDX-License-Identifier: Apache-2.0
// Moves rows from written to forwarded to stored.
#include "core/check.hpp"
#include "state/memtable/record_table.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace::state {
namespace {

// Empties `rows` for the next round, which will have about the same size, and frees memory that a
// much larger one has left.
void keep_memory_for(std::size_t size, std::vector<RecordEntry*>& rows) {
    constexpr std::size_t kFew = 1024;
    constexpr std::size_t kTimes = 8;
    if (rows.capacity() > kFew && rows.capacity() / kTimes > size) {
        rows = {};
    }
    rows.clear();
}

}  // namespace

void RecordTable::append_written(Entry* entry) {
    entry->unforwarded_ = 1;
    entry->written_ = ++writes_;
    entry->write_position_ = static_cast<std::uint32_t>(written_.size());
    written_.push_back(entry);
}

void RecordTable::take_from_written(Entry* entry) {
    Entry* last = written_.back();
    written_[entry->write_position_] = last;
    last->write_position_ = entry->write_position_;
    written_.pop_back();
}

void RecordTable::begin_flush(Entry* first) {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(next_pending_));
    next_pending_ = 0;
    if (first != nullptr && !first->pending_) {
        take_from_written(first);
        pending_.push_back(first);
    }
    std::vector<std::pair<std::uint64_t, Entry*>> by_last_write;
    by_last_write.reserve(written_.size());
    for (std::size_t at = 0; at < written_.size(); ++at) {
        prefetch_ahead(written_, at);
        by_last_write.emplace_back(written_[at]->written_, written_[at]);
    }
    std::sort(by_last_write.begin(), by_last_write.end());
    for (const auto& [write, entry] : by_last_write) {
        pending_.push_back(entry);
    }
    keep_memory_for(written_.size(), written_);
    for (std::size_t at = 0; at < pending_.size(); ++at) {
        pending_[at]->pending_ = 1;
        pending_[at]->write_position_ = static_cast<std::uint32_t>(at);
    }
}

RecordTable::Entry* RecordTable::next_pending() {
    if (next_pending_ == pending_.size()) {
        keep_memory_for(pending_.size(), pending_);
        next_pending_ = 0;
        return nullptr;
    }
    prefetch_ahead(pending_, next_pending_);
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
    if (entry.cached_ || entry.unstored_) {
        trim(&entry);  // The value before may have been large.
    } else {
        forget(&entry);
    }
}

void RecordTable::mark_stored(const std::function<Stored(const Entry&)>& how) {
    std::vector<Entry*> stored;
    stored.swap(unstored_);
    unstored_bytes_ = 0;
    for (std::size_t at = 0; at < stored.size(); ++at) {
        prefetch_ahead(stored, at);
        Entry* entry = stored[at];
        entry->unstored_ = 0;
        if (entry->unforwarded_) {
            continue;
        }
        const Stored is = how(*entry);
        // A deleted row need not be kept: the engine answers as fast.
        if (!entry->value()) {
            set_cached(*entry, false);
        } else if (is == Stored::kIsCached) {
            keep_to_read(*entry);
        }
        if (!entry->cached_) {
            if (is == Stored::kNot) {
                remove(entry);
            } else {
                forget(entry);
            }
        }
    }
    keep_memory_for(stored.size(), stored);
    unstored_.swap(stored);
    buckets_.fit();
    if (indexed_ && !index_used_) {
        index_.clear();
        indexed_ = false;
        ++generation_;
    }
    index_used_ = false;
    if (grouped_ && !groups_used_) {
        groups_.clear();
        grouped_ = false;
        ++generation_;
    } else {
        groups_.fit();
    }
    groups_used_ = false;
}

void RecordTable::roll_back() {
    std::vector<Entry*> doomed;
    for (const Bucket& bucket : buckets_.places()) {
        if (bucket.entry != nullptr && (bucket.entry->unforwarded_ || bucket.entry->unstored_)) {
            doomed.push_back(bucket.entry);
        }
    }
    written_.clear();
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
