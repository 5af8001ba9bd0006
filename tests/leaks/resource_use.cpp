// SPDX-License-Identifier: Apache-2.0
#include "leaks/resource_use.hpp"

#include <malloc.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace millrace::support {
namespace {

// The number of table files changes with every flush and compaction.
std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code closed;
        const auto target = std::filesystem::read_symlink(entry, closed);
        count += !closed && target.extension() != ".sst" ? 1 : 0;
    }
    return count;
}

std::size_t running_threads() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

std::string text_of(const ResourceUse& use) {
    return std::to_string(use.bytes) + " bytes, " + std::to_string(use.descriptors) +
           " descriptors, " + std::to_string(use.threads) + " threads";
}

}  // namespace

ResourceUse ResourceUse::now() {
    const struct mallinfo2 memory = ::mallinfo2();
    return {memory.uordblks + memory.hblkhd, open_descriptors(), running_threads()};
}

ResourceUse UseByCycle::least(std::size_t from, std::size_t to) const {
    ResourceUse least = samples_.at(from);
    for (std::size_t at = from; at < to; ++at) {
        least.bytes = std::min(least.bytes, samples_[at].bytes);
        least.descriptors = std::min(least.descriptors, samples_[at].descriptors);
        least.threads = std::min(least.threads, samples_[at].threads);
    }
    return least;
}

std::string UseByCycle::why_not_flat(const AllowedGrowth& allowed) const {
    const ResourceUse before = least(0, half());
    const ResourceUse after = least(half(), samples_.size());
    if (after.descriptors <= before.descriptors && after.threads <= before.threads &&
        after.bytes <= before.bytes + allowed.bytes + half() * allowed.bytes_per_cycle) {
        return {};
    }
    return summary();
}

std::string UseByCycle::summary() const {
    return std::to_string(samples_.size()) +
           " cycles; after the first: " + text_of(samples_.front()) +
           "; after the last: " + text_of(samples_.back()) +
           "; least of the first half: " + text_of(least(0, half())) +
           "; least of the second half: " + text_of(least(half(), samples_.size()));
}

}  // namespace millrace::support
