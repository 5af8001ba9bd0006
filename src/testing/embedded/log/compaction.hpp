// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"
#include "testing/embedded/log/partition_log.hpp"
#include "testing/embedded/log/topic_settings.hpp"

#include <cstdint>
#include <deque>

namespace millrace::testing::embedded {

/// `entries` with, below `stable` and outside the compaction lag, only the last record of each
/// key left. Records keep their offsets. Tombstones stay for delete.retention.ms from the first
/// compaction that sees them; aborted records and markers go at once, as nobody needs to be told.
std::deque<LogEntry> compacted(const std::deque<LogEntry>& entries, Offset stable,
                               const TopicSettings& settings, std::int64_t now);

}  // namespace millrace::testing::embedded
