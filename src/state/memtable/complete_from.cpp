// SPDX-License-Identifier: Apache-2.0
#include "state/memtable/complete_from.hpp"

#include "core/hash.hpp"

#include <algorithm>

namespace millrace::state {

void CompleteFrom::set(std::int64_t time_ms) noexcept {
    constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
    all_missing_ms_ = set_missing_ms_ = time_ms == kFirst ? kFirst : time_ms - 1;
    missing_ms_.clear();
}

void CompleteFrom::exclude(BytesView group, std::int64_t time_ms, std::size_t groups) {
    if (time_ms <= set_missing_ms_) {
        return;
    }
    if (missing_ms_.empty()) {
        missing_ms_.push_back(set_missing_ms_);
    }
    // The time of a bucket applies to both buckets that it is split into.
    while (missing_ms_.size() < groups) {
        missing_ms_.reserve(2 * missing_ms_.size());
        missing_ms_.insert(missing_ms_.end(), missing_ms_.begin(), missing_ms_.end());
    }
    std::int64_t& missing = missing_ms_[place_of(group)];
    missing = std::max(missing, time_ms);
    all_missing_ms_ = std::max(all_missing_ms_, time_ms);
}

bool CompleteFrom::covers_place(BytesView group, std::int64_t time_ms) const noexcept {
    return missing_ms_.size() > 1 && time_ms > missing_ms_[place_of(group)];
}

std::size_t CompleteFrom::place_of(BytesView group) const noexcept {
    return hash_bytes(group) & (missing_ms_.size() - 1);
}

}  // namespace millrace::state
