// SPDX-License-Identifier: Apache-2.0
#include "unit/client/setting_effects.hpp"

#include <memory>
#include <set>
#include <stdexcept>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using Input = SettingEffect::Input;
using Shown = SettingEffect::Shown;

const std::string kNumber{"\0\0\0\0\0\0\0\7", 8};

void pass_on(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").to("out");
}

void pass_numbers(StreamsBuilder& builder) {
    builder.stream<std::string, std::int64_t>("in").to("out");
}

void refuse_x(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in")
        .map_values([](const std::string& value) {
            if (value == "x") {
                throw std::runtime_error("no x");
            }
            return value;
        })
        .to("out");
}

class UnwritableSerde final : public CustomSerde<std::string> {
  public:
    Bytes serialize(const std::string& value) const override {
        if (value == "x") {
            throw SerdeError("no x");
        }
        return value;
    }
    std::string deserialize(BytesView bytes) const override { return std::string(bytes); }
};

void cannot_write_x(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").to(
        "out", {.value_serde = std::make_shared<UnwritableSerde>()});
}

void count(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").group_by_key().count({.store = "counts"});
}

/// Its stores have headers if stores store them.
void join(StreamsBuilder& builder) {
    const auto stream = builder.stream<std::string, std::string>("in");
    stream
        .join(stream, [](const std::string& l, const std::string& r) { return l + r; },
              JoinWindows::of(1ms).grace(0ms), {.store = "self"})
        .to("out");
}

void optimisable(StreamsBuilder& builder) {
    builder.table<std::string, std::string>("in", {.store = "rows"});
    const auto stream = builder.stream<std::string, std::string>("more").select_key(
        [](const std::string& value) { return value; });
    stream.group_by_key().count({.store = "one"});
    stream.group_by_key().count({.store = "two"});
    const auto same = builder.stream<std::string, std::string>("more");
    same.join(same, [](const std::string& l, const std::string& r) { return l + r; },
              JoinWindows::of(1ms).grace(0ms), {.store = "self"})
        .to("out");
}

void unnamed(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").group_by_key().count();
}

const std::vector<Input> kWithoutTime{{"a", 5}, {"b", -1}, {"c", 7}};
const std::vector<Input> kUnreadable{{kNumber}, {"none"}, {kNumber}};
const std::vector<Input> kThrowing{{"a"}, {"x"}, {"b"}};
const std::vector<Input> kBoth{{"a"}, {"b", 1, "more"}};

/// The internal topics of `optimisable`, without some.
std::vector<std::string> topics_but(const std::set<std::string>& left_out) {
    std::vector<std::string> names;
    for (const char* name :
         {"one-changelog", "one-repartition", "rows-changelog", "self-other-join-store-changelog",
          "self-this-join-store-changelog", "two-changelog", "two-repartition"}) {
        if (!left_out.contains(name)) {
            names.push_back(std::string("app-") + name);
        }
    }
    return names;
}

}  // namespace

std::vector<SettingEffect> setting_effects() {
    const std::string extractor = "default.timestamp.extractor";
    const std::string reading = "deserialization.exception.handler";
    const std::string processing = "processing.exception.handler";
    const std::string optimization = "topology.optimization";
    const std::string explicit_names = "ensure.explicit.internal.resource.naming";
    const std::string number = "k=" + kNumber + "@1";
    const std::string rows = "rows-changelog";
    const std::string two = "two-repartition";
    const std::string self = "self-other-join-store-changelog";
    constexpr Shown kFiles = Shown::kFilesOfState;
    constexpr Shown kHeaders = Shown::kHeadersOnDisk;
    constexpr Shown kTopics = Shown::kInternalTopics;
    return {
        {extractor, "fail", pass_on, kWithoutTime, {}, "record without a valid timestamp"},
        {extractor, "skip", pass_on, kWithoutTime, {"k=a@5", "k=c@7"}},
        {extractor, "partition_time", pass_on, kWithoutTime, {"k=a@5", "k=b@5", "k=c@7"}},
        {extractor, "wall_clock", pass_on, kWithoutTime, {"k=a@now", "k=b@now", "k=c@now"}},
        {reading, "fail", pass_numbers, kUnreadable, {}, "cannot read record"},
        {reading, "continue", pass_numbers, kUnreadable, {number, number}},
        {processing, "fail", refuse_x, kThrowing, {}, "no x"},
        {processing, "continue", refuse_x, kThrowing, {"k=a@1", "k=b@1"}},
        {"production.exception.handler", "retry", cannot_write_x, kThrowing, {}, "no x"},
        {"default.dsl.store", "rocksdb", count, {{"a"}}, {"files"}, {}, kFiles},
        {"default.dsl.store", "in_memory", count, {{"a"}}, {"no files"}, {}, kFiles},
        {"rocksdb.compression", "none", count, {{"a"}}, {"files"}, {}, kFiles},
        {"rocksdb.compression", "lz4", count, {{"a"}}, {"files"}, {}, kFiles},
        {"rocksdb.compression", "zstd", count, {{"a"}}, {"files"}, {}, kFiles},
        {"dsl.store.format", "default", join, {{"a"}}, {"no headers"}, {}, kHeaders},
        {"dsl.store.format", "headers", join, {{"a"}}, {"headers"}, {}, kHeaders},
        {"processing.guarantee", "at_least_once", pass_on, {{"a"}}, {"k=a@1"}},
        {"processing.guarantee", "exactly_once_v2", pass_on, {{"a"}}, {"k=a@1"}},
        {explicit_names, "false", unnamed, {{"a"}}, {"files"}, {}, kFiles},
        {explicit_names, "true", unnamed, {}, {}, "explicit names are required"},
        {optimization, "none", optimisable, kBoth, topics_but({}), {}, kTopics},
        {optimization, "all", optimisable, kBoth, topics_but({rows, two, self}), {}, kTopics},
        {optimization,
         "reuse.ktable.source.topics",
         optimisable,
         kBoth,
         topics_but({rows}),
         {},
         kTopics},
        {optimization,
         "merge.repartition.topics",
         optimisable,
         kBoth,
         topics_but({two}),
         {},
         kTopics},
        {optimization,
         "single.store.self.join",
         optimisable,
         kBoth,
         topics_but({self}),
         {},
         kTopics},
    };
}

}  // namespace millrace
