// SPDX-License-Identifier: Apache-2.0
#include "topology/semantics/timelines.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace::semantics {
namespace {

void latest_time(StreamsBuilder& builder) {
    const auto counts = builder.stream<Text, Text>("in").group_by_key().count();
    counts.to_stream().map_values([](const std::int64_t& count) { return show(count); }).to("out");
}

void extractor(StreamsBuilder& builder) {
    const auto payments = builder.stream<Text, Text>(
        "in", {.timestamp = [](const ConsumedRecord<Text, Text>& record, Timestamp) {
            return timestamp_of(std::stoll(record.value));
        }});
    payments.to("out");
}

void partition_time(StreamsBuilder& builder) {
    const auto payments =
        builder.stream<Text, Text>("in", {.timestamp = TimestampPolicy::kUsePartitionTime});
    payments.to("out");
}

struct Ticker final : Processor<Text, Text, Text, Text> {
    explicit Ticker(PunctuationType kind) : type(kind) {}
    void init(Context& context) override {
        context.schedule({.interval = 10ms, .type = type}, [&context](Timestamp now) {
            context.forward({"tick", show(milliseconds_of(now)), timestamp_of(0), Headers{}});
        });
    }
    void process(const Record<Text, Text>&) override {}

    PunctuationType type;
};

void stream_time_ticks(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .process([] { return std::make_unique<Ticker>(PunctuationType::kStreamTime); })
        .to("out");
}

void wall_clock_ticks(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .process([] { return std::make_unique<Ticker>(PunctuationType::kWallClock); })
        .map_values([](const Text&) { return Text("now"); })
        .to("out");
}

TEST(SemanticsOfTime, AreAsDocumented) {
    expect_page("time", {{"latest-time", latest_time},
                         {"extractor", extractor},
                         {"partition-time", partition_time},
                         {"stream-time-ticks", stream_time_ticks},
                         {"wall-clock-ticks", wall_clock_ticks}});
}

}  // namespace
}  // namespace millrace::semantics
