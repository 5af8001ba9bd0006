// SPDX-License-Identifier: Apache-2.0
#include "client/settings/foreign_settings.hpp"

#include <algorithm>
#include <array>

namespace millrace::client {

namespace {

struct Reason {
    std::string_view name;
    std::string_view text;
};

constexpr std::string_view kByType = "the compiler chooses serdes by type";
constexpr std::string_view kInCode = "Millrace does not load classes: set it in code";
constexpr std::array<Reason, 13> kWithoutPlace{{
    {"default.key.serde", kByType},
    {"default.value.serde", kByType},
    {"default.list.key.serde.inner", kByType},
    {"default.list.value.serde.inner", kByType},
    {"windowed.inner.class.serde", kByType},
    {"window.size.ms", kByType},
    {"default.client.supplier", kInCode},
    {"rocksdb.config.setter", kInCode},
    {"metric.reporters", kInCode},
    {"task.assignor.class", kInCode},
    {"processor.wrapper.class",
     "Millrace does not load classes: pass it to the builder as "
     "TopologyOptions::processor_wrapper"},
    {"config.providers", kInCode},
    {"enable.transactional.statestores", "state is always transactional"},
}};

constexpr std::string_view kNoWarmups =
    "there are no standby or warm-up replicas yet: a task moves at once and restores its state";
constexpr std::array<Reason, 5> kWithoutEffect{{
    {"acceptable.recovery.lag", kNoWarmups},
    {"max.warmup.replicas", kNoWarmups},
    {"probing.rebalance.interval.ms", kNoWarmups},
    {"application.server",
     "queries are not routed between instances yet: each instance answers for its own tasks"},
    {"max.poll.records",
     "each partition is fetched separately: buffered.records.per.partition limits how many records "
     "a task buffers"},
}};

constexpr std::array<std::string_view, 2> kInternal{
    "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__",
    "__emit.interval.ms.kstreams.windowed.aggregation__"};

template <std::size_t kSize>
std::optional<std::string> reason_in(const std::array<Reason, kSize>& list, std::string_view name) {
    const auto found = std::find_if(list.begin(), list.end(),
                                    [name](const Reason& entry) { return entry.name == name; });
    return found == list.end() ? std::nullopt : std::optional(std::string(found->text));
}

}  // namespace

std::optional<std::string> reason_without_place(std::string_view name) {
    return reason_in(kWithoutPlace, name);
}

std::optional<std::string> reason_without_effect(std::string_view name) {
    if (name.starts_with("client.tag.")) {
        return "tasks are not spread over racks yet, because there are no standby replicas";
    }
    constexpr std::array<std::string_view, 4> kPrefixes{"main.consumer.", "restore.consumer.",
                                                        "global.consumer.", "consumer."};
    for (const std::string_view prefix : kPrefixes) {
        if (name.starts_with(prefix)) {
            name.remove_prefix(prefix.size());
        }
    }
    return reason_in(kWithoutEffect, name);
}

std::vector<std::string> settings_without_effect(const StreamsConfig& config) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : config.others) {
        if (const auto reason = reason_without_effect(name)) {
            lines.push_back("setting without effect: " + name + ": " + *reason);
        }
    }
    return lines;
}

bool is_internal_setting(std::string_view name) {
    return std::find(kInternal.begin(), kInternal.end(), name) != kInternal.end();
}

}  // namespace millrace::client
