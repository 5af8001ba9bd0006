// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/complete_from.hpp"

#include "core/hash.hpp"

#include <algorithm>

namespace millrace::state {

void CompleteFrom::set(std::int64_t time_ms) noexcept {
    all_from_ms_ = none_before_ms_ = time_ms;
    from_ms_.clear();
}

void CompleteFrom::exclude(BytesView group, std::int64_t time_ms, std::size_t groups) {
    if (time_ms < none_before_ms_) {
        return;
    }
    if (from_ms_.empty()) {
        from_ms_.push_back(none_before_ms_);
    }
    // The start of a bucket applies to both buckets that it is split into.
    while (from_ms_.size() < groups) {
        from_ms_.reserve(2 * from_ms_.size());
        from_ms_.insert(from_ms_.end(), from_ms_.begin(), from_ms_.end());
    }
    std::int64_t& from = from_ms_[place_of(group)];
    from = std::max(from, time_ms + 1);
    all_from_ms_ = std::max(all_from_ms_, time_ms + 1);
}

bool CompleteFrom::covers_place(BytesView group, std::int64_t time_ms) const noexcept {
    return from_ms_.size() > 1 && time_ms >= from_ms_[place_of(group)];
}

std::size_t CompleteFrom::place_of(BytesView group) const noexcept {
    return hash_bytes(group) & (from_ms_.size() - 1);
}

}  // namespace millrace::state
