// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/uncommitted_rows.hpp"

#include <cstdint>

namespace millrace::state {

void UncommittedRows::add(MemtableEntry& entry) {
    if (!entry.uncommitted_) {
        entry.uncommitted_ = 1;
        entry.uncommitted_position_ = static_cast<std::uint32_t>(rows_.size());
        rows_.push_back(&entry);
    }
}

void UncommittedRows::clear() {
    rows_.clear();
    bytes_ = 0;
}

}  // namespace millrace::state
