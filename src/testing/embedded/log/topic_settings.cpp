// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/log/topic_settings.hpp"

#include "testing/embedded/log/statuses.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string_view>

namespace millrace::testing::embedded {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLargestInt = std::numeric_limits<std::int32_t>::max();

struct NumberRange {
    std::string_view name;
    std::int64_t least;
    std::int64_t most;
};

/// Kafka's numeric topic settings, including those that have no effect here: invalid values are
/// refused.
constexpr std::array kNumbers{
    NumberRange{"compression.gzip.level", -1, 9},
    NumberRange{"compression.lz4.level", 1, 17},
    NumberRange{"compression.zstd.level", -131072, 22},
    NumberRange{"delete.retention.ms", 0, kLargest},
    NumberRange{"file.delete.delay.ms", 0, kLargest},
    NumberRange{"flush.messages", 1, kLargest},
    NumberRange{"flush.ms", 0, kLargest},
    NumberRange{"index.interval.bytes", 0, kLargestInt},
    NumberRange{"local.retention.bytes", -2, kLargest},
    NumberRange{"local.retention.ms", -2, kLargest},
    NumberRange{"max.compaction.lag.ms", 1, kLargest},
    NumberRange{"max.message.bytes", 0, kLargestInt},
    NumberRange{"message.timestamp.after.max.ms", 0, kLargest},
    NumberRange{"message.timestamp.before.max.ms", 0, kLargest},
    NumberRange{"min.compaction.lag.ms", 0, kLargest},
    NumberRange{"min.insync.replicas", 1, kLargestInt},
    NumberRange{"retention.bytes", std::numeric_limits<std::int64_t>::min(), kLargest},
    NumberRange{"retention.ms", -1, kLargest},
    NumberRange{"segment.bytes", 1'048'576, kLargestInt},
    NumberRange{"segment.index.bytes", 4, kLargestInt},
    NumberRange{"segment.jitter.ms", 0, kLargest},
    NumberRange{"segment.ms", 1, kLargest},
};

constexpr std::array<std::string_view, 5> kBooleans{
    "preallocate", "remote.log.copy.disable", "remote.log.delete.on.disable",
    "remote.storage.enable", "unclean.leader.election.enable"};

constexpr std::array<std::string_view, 6> kCompressions{"uncompressed", "zstd", "lz4",
                                                        "snappy",       "gzip", "producer"};

template <class T>
bool parse_number(std::string_view text, T& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

template <class Range>
bool contains(const Range& range, std::string_view wanted) {
    return std::find(range.begin(), range.end(), wanted) != range.end();
}

bool parse_cleanup_policy(std::string_view text, TopicSettings& settings) {
    settings.compact = false;
    settings.erase = false;
    while (true) {
        const std::size_t comma = text.find(',');
        std::string_view policy = text.substr(0, comma);
        while (!policy.empty() && policy.front() == ' ') {
            policy.remove_prefix(1);
        }
        if (policy == "compact") {
            settings.compact = true;
        } else if (policy == "delete") {
            settings.erase = true;
        } else {
            return false;
        }
        if (comma == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(comma + 1);
    }
}

void apply_number(std::string_view name, std::int64_t value, TopicSettings& settings) {
    if (name == "retention.ms" && value >= 0) {
        settings.retention_ms = value;
    } else if (name == "retention.bytes" && value >= 0) {
        settings.retention_bytes = value;
    } else if (name == "max.message.bytes") {
        settings.max_message_bytes = value;
    } else if (name == "segment.bytes") {
        settings.segment_bytes = value;
    } else if (name == "delete.retention.ms") {
        settings.delete_retention_ms = value;
    } else if (name == "min.compaction.lag.ms") {
        settings.min_compaction_lag_ms = value;
    }
}

bool apply(const std::string& name, const std::string& value, TopicSettings& settings) {
    if (name == "cleanup.policy") {
        return parse_cleanup_policy(value, settings);
    }
    if (name == "message.timestamp.type") {
        settings.log_append_time = value == "LogAppendTime";
        return settings.log_append_time || value == "CreateTime";
    }
    if (name == "min.cleanable.dirty.ratio") {
        double ratio = 0;
        if (!parse_number(value, ratio) || ratio < 0 || ratio > 1) {
            return false;
        }
        settings.min_cleanable_dirty_ratio = ratio;
        return true;
    }
    if (name == "compression.type") {
        return contains(kCompressions, value);
    }
    if (name == "leader.replication.throttled.replicas" ||
        name == "follower.replication.throttled.replicas") {
        return true;
    }
    if (contains(kBooleans, name)) {
        return value == "true" || value == "false";
    }
    const auto range = std::find_if(kNumbers.begin(), kNumbers.end(),
                                    [&](const NumberRange& known) { return known.name == name; });
    std::int64_t number = 0;
    if (range == kNumbers.end() || !parse_number(value, number) || number < range->least ||
        number > range->most) {
        return false;
    }
    apply_number(name, number, settings);
    return true;
}

}  // namespace

kafka::Result<TopicSettings> parse_topic_settings(
    const std::map<std::string, std::string>& config) {
    TopicSettings settings;
    for (const auto& [name, value] : config) {
        if (!apply(name, value, settings)) {
            return failure(kafka::ErrorCode::kInvalidConfig,
                           "topic setting refused: " + name + "=" + value);
        }
    }
    return settings;
}

}  // namespace millrace::testing::embedded
