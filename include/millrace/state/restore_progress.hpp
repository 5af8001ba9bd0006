// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace millrace {

/// How far the restore of one partition of a store is; see KafkaStreams::restore_progress.
struct RestoreProgress {
    TaskId task{};  ///< {-1, -1}: the store is global.
    std::string store{};
    TopicPartition changelog{};  ///< Or the topic of a global store.

    std::int64_t restored = 0;  ///< Records that were added to the store by this restore.

    /// The number of offsets up to the end of the changelog as of the start of the restore. There
    /// are at most that many records: compacted records and transaction markers count, too.
    std::int64_t remaining = 0;

    /// Offsets that were passed in a second, on average of the last five to ten seconds, or since
    /// the start if that was later.
    double records_per_second = 0;

    /// How long the rest takes at that rate. Empty while nothing is read.
    std::optional<std::chrono::milliseconds> expected_time{};

    bool operator==(const RestoreProgress&) const = default;
};

}  // namespace millrace
