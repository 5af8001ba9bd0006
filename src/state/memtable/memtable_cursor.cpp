// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/memtable_cursor.hpp"

#include "state/engine/key_head.hpp"

#include <algorithm>
#include <iterator>

namespace millrace::state {

void MemtableCursor::look_up() {
    if (grouped()) {
        rows_ = table_->group(group_);
    } else {
        table_->index();
    }
    generation_ = table_->generation();
}

std::size_t MemtableCursor::lower_bound(BytesView key) const {
    const auto found = std::lower_bound(rows_.begin(), rows_.end(), key,
                                        [this](const MemtableEntry* entry, BytesView bytes) {
                                            return less_behind(entry->key(), bytes, group_.size());
                                        });
    return static_cast<std::size_t>(found - rows_.begin());
}

const MemtableEntry* MemtableCursor::current() const {
    if (grouped()) {
        return at_ < rows_.size() ? rows_[at_] : nullptr;
    }
    return place_ != table_->index().end() ? place_->entry : nullptr;
}

const MemtableEntry* MemtableCursor::seek(const NullableBytes& key) {
    look_up();
    if (grouped()) {
        at_ = key ? lower_bound(*key) : 0;
    } else {
        const EntryIndex& index = table_->index();
        place_ = key ? index.lower_bound(SoughtKey(*key)) : index.begin();
    }
    return current();
}

const MemtableEntry* MemtableCursor::seek_before(const NullableBytes& key) {
    look_up();
    if (grouped()) {
        at_ = (key ? lower_bound(*key) : rows_.size()) - 1;  // Before the first: after the last.
    } else {
        const EntryIndex& index = table_->index();
        place_ = key ? index.lower_bound(SoughtKey(*key)) : index.end();
        place_ = place_ == index.begin() ? index.end() : std::prev(place_);
    }
    return current();
}

const MemtableEntry* MemtableCursor::next(BytesView key) {
    if (moved()) {
        const MemtableEntry* found = seek(key);
        if (found == nullptr || found->key() != key) {
            return found;
        }
    }
    if (grouped()) {
        ++at_;
    } else {
        ++place_;
    }
    return current();
}

const MemtableEntry* MemtableCursor::previous(BytesView key) {
    if (moved()) {
        return seek_before(key);
    }
    if (grouped()) {
        --at_;
    } else {
        place_ = place_ == table_->index().begin() ? table_->index().end() : std::prev(place_);
    }
    return current();
}

}  // namespace millrace::state
