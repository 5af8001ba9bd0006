// SPDX-License-Identifier: Apache-2.0
#include "kafka/murmur2.hpp"

#include "core/check.hpp"

#include <cstddef>

namespace millrace::kafka {
namespace {

constexpr std::uint32_t kSeed = 0x9747b28c;
constexpr std::uint32_t kMultiplier = 0x5bd1e995;
constexpr unsigned kShift = 24;

std::uint32_t byte_at(BytesView bytes, std::size_t index) noexcept {
    return static_cast<unsigned char>(bytes[index]);
}

}  // namespace

std::uint32_t murmur2(BytesView bytes) noexcept {
    // The length is an int in Kafka; no key is near its limit.
    std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(bytes.size());
    std::size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) {
        std::uint32_t word = byte_at(bytes, at) | byte_at(bytes, at + 1) << 8U |
                             byte_at(bytes, at + 2) << 16U | byte_at(bytes, at + 3) << 24U;
        word *= kMultiplier;
        word ^= word >> kShift;
        word *= kMultiplier;
        hash = (hash * kMultiplier) ^ word;
    }
    if (at < bytes.size()) {
        for (std::size_t rest = bytes.size() - at; rest > 0; --rest) {
            hash ^= byte_at(bytes, at + rest - 1) << (8U * (rest - 1));
        }
        hash *= kMultiplier;
    }
    hash ^= hash >> 13U;
    hash *= kMultiplier;
    hash ^= hash >> 15U;
    return hash;
}

Partition partition_for_key(BytesView key, Partition count) {
    MILLRACE_CHECK(count > 0);
    // Kafka clears the sign bit instead of taking the absolute value, and so must this function.
    return static_cast<Partition>(murmur2(key) & 0x7fffffffU) % count;
}

}  // namespace millrace::kafka
