// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"
#include "testing/embedded/log/partition_log.hpp"
#include "testing/embedded/log/topic_settings.hpp"

#include <cstdint>
#include <deque>

namespace millrace::testing::embedded {

/// Compacts `entries`: below `stable` and outside the compaction lag, only the last record of each
/// key is kept. Records keep their offsets. Tombstones are kept for delete.retention.ms after their
/// first compaction. Aborted records and markers are removed at once, because no reader needs them.
std::deque<LogEntry> compacted(const std::deque<LogEntry>& entries, Offset stable,
                               const TopicSettings& settings, std::int64_t now);

}  // namespace millrace::testing::embedded
