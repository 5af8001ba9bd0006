// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/ops/final_results.hpp"
#include "millrace/detail/state/unmatched_store.hpp"

#include <charconv>
#include <cstdint>
#include <string>

namespace millrace::detail {
namespace {

// Internal settings of Kafka Streams, for tests.
std::chrono::milliseconds interval_of(const TaskContext& context, const char* name) {
    constexpr std::int64_t kDefault = 1000;
    const std::string setting = context.setting(name);
    std::int64_t interval = kDefault;
    std::from_chars(setting.data(), setting.data() + setting.size(), interval);
    return std::chrono::milliseconds(interval);
}

}  // namespace

std::chrono::milliseconds unmatched_emit_interval(const TaskContext& context) {
    return interval_of(context, "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__");
}

std::chrono::milliseconds final_emit_interval(const TaskContext& context) {
    return interval_of(context, "__emit.interval.ms.kstreams.windowed.aggregation__");
}

}  // namespace millrace::detail
