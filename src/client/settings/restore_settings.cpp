// SPDX-License-Identifier: Apache-2.0
#include "client/settings/restore_settings.hpp"

#include "core/thread.hpp"

#include <algorithm>

namespace millrace::client {

int restore_threads(const StreamsConfig& config) {
    return config.restore_threads > 0 ? config.restore_threads : std::max(1, Thread::cores() / 2);
}

/// A changelog may have four fetches in memory: its queue is refilled while it holds less than one,
/// and so is what the reader has taken. With records of 100 bytes, librdkafka needs four times the
/// bytes of the log.
RestoreBuffer restore_buffer(const StreamsConfig& config) {
    constexpr std::size_t kFetchesInMemory = std::size_t{4} * 4;
    constexpr std::size_t kSmallestFetch = 16 << 10;
    constexpr std::size_t kLargestFetch = 1 << 20;  // Above a batch of Kafka's producers.
    constexpr std::size_t kLeastChangelogs = 2;     // One is fetched while another is applied.
    const std::size_t share =
        config.restore_buffer_max_bytes / static_cast<std::size_t>(restore_threads(config));
    RestoreBuffer buffer;
    buffer.changelogs = std::max(kLeastChangelogs, share / (kFetchesInMemory * kLargestFetch));
    buffer.fetch_bytes =
        std::clamp(share / (kFetchesInMemory * buffer.changelogs), kSmallestFetch, kLargestFetch);
    return buffer;
}

}  // namespace millrace::client
