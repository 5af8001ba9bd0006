// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/status.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace millrace::testing::embedded {

/// The topic settings that the embedded broker implements; the defaults are Kafka's.
struct TopicSettings {
    bool compact = false;  ///< cleanup.policy contains "compact".
    bool erase = true;     ///< cleanup.policy contains "delete".
    bool log_append_time = false;

    /// Retention applies only if it is set: old test data must not disappear because of Kafka's
    /// default of one week.
    std::optional<std::int64_t> retention_ms;
    std::optional<std::int64_t> retention_bytes;

    std::int64_t max_message_bytes = 1'048'588;
    std::int64_t segment_bytes = 1'073'741'824;
    std::int64_t delete_retention_ms = 86'400'000;
    std::int64_t min_compaction_lag_ms = 0;
    double min_cleanable_dirty_ratio = 0.5;
};

/// Reads Kafka's topic settings. kInvalidConfig for an unknown name or a value out of range.
kafka::Result<TopicSettings> parse_topic_settings(const std::map<std::string, std::string>& config);

}  // namespace millrace::testing::embedded
