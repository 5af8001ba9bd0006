// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/nodes/source_time.hpp"

#include "core/exception_text.hpp"
#include "millrace/core/error.hpp"

#include <string>

namespace millrace::detail {
namespace {

constexpr Timestamp kEpoch{};

std::string described(const SourceRecord& record) {
    return "topic " + (record.topic != nullptr ? *record.topic : std::string("?")) +
           ", partition " + std::to_string(record.partition) + ", offset " +
           std::to_string(record.offset()) + ", timestamp " +
           std::to_string(milliseconds_of(record.timestamp()));
}

[[noreturn]] void no_time(const SourceRecord& record, const char* remedy) {
    throw ProcessingError("record without a valid timestamp: " + described(record) + "; " + remedy);
}

}  // namespace

void cannot_deserialize(const char* part) {
    throw SerdeError(std::string("cannot deserialise ") + part + ": " + exception_text());
}

void extractor_failed(const SourceRecord& record) {
    throw ProcessingError("the timestamp extractor failed: " + described(record) + ": " +
                          exception_text());
}

TimestampPolicy resolve_policy(TimestampPolicy policy, const TaskContext& context) {
    if (policy != TimestampPolicy::kDefault) {
        return policy;
    }
    const std::string setting = context.setting("default.timestamp.extractor");
    if (setting.empty() || setting == "fail") {
        return TimestampPolicy::kFail;
    }
    if (setting == "skip") {
        return TimestampPolicy::kSkip;
    }
    if (setting == "partition_time") {
        return TimestampPolicy::kUsePartitionTime;
    }
    if (setting == "wall_clock") {
        return TimestampPolicy::kWallClock;
    }
    throw ConfigError("bad setting: default.timestamp.extractor = \"" + setting +
                      "\": must be fail, skip, partition_time or wall_clock");
}

Timestamp time_of(TimestampPolicy policy, const SourceRecord& record, Timestamp partition_time,
                  Timestamp wall_clock) {
    if (policy == TimestampPolicy::kWallClock) {
        return wall_clock;
    }
    if (record.timestamp() >= kEpoch || policy == TimestampPolicy::kSkip) {
        return record.timestamp();
    }
    if (policy == TimestampPolicy::kUsePartitionTime) {
        if (partition_time < kEpoch) {
            no_time(record, "and no earlier record of its partition has one");
        }
        return partition_time;
    }
    no_time(record, "choose another timestamp policy in Consumed or default.timestamp.extractor");
}

}  // namespace millrace::detail
