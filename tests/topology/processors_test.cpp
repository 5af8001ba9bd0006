// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Counts = KeyValueStore<Text, std::int64_t>;

auto counts_store() {
    return stores::key_value_store<Text, std::int64_t>(stores::in_memory_key_value_store("seen"));
}

struct CountSeen final : Processor<Text, Text, Text, Text> {
    void process(const Record<Text, Text>& record) override {
        Counts seen = context().store<Counts>("seen");
        const std::int64_t count = seen.get(record.key).value_or(0) + 1;
        seen.put(record.key, count);
        const Text value = record.value + std::to_string(count);
        context().forward(record.with_value(value).with_timestamp(record.timestamp + 1000ms));
    }
};

TEST(Process, UsesTheStoreOfItsSupplier) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<CountSeen>(); },
                     {.added_stores = {counts_store()}})
            .to("out");
    });
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "y", 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=x1@1001", "a=y2@1002"));
}

TEST(Process, CannotUseAStoreItIsNotConnectedTo) {
    Program run([](StreamsBuilder& builder) {
        builder.add_state_store(counts_store());
        const auto in = builder.stream<Text, Text>("in");
        in.process([] { return std::make_unique<CountSeen>(); }).to("out");
        in.process([] { return std::make_unique<CountSeen>(); }, {.stores = {"seen"}});
    });

    EXPECT_THROW(run.pipe("in", "a", "x", 1), Error);
}

TEST(Process, RefusesAStoreThatDoesNotExist) {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in").process([] { return std::make_unique<CountSeen>(); },
                                             {.stores = {"missing"}});

    EXPECT_THAT([&] { std::move(builder).build(); },
                ::testing::ThrowsMessage<TopologyError>(HasSubstr("store missing does not exist")));
}

struct Ticks final : Processor<Text, Text, Text, Text> {
    void init(Context& context) override {
        context.schedule(
            {.interval = 20ms, .type = PunctuationType::kStreamTime},
            [&context](Timestamp now) { context.forward({"tick", "t", now, Headers{}}); });
    }
    void process(const Record<Text, Text>& record) override { context().forward(record); }
};

TEST(Process, PunctuatesByStreamTimeAndSkipsMissedTicks) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<Ticks>(); })
            .to("out");
    });
    run.pipe("in", "a", "1", 5);
    run.pipe("in", "a", "2", 85);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=1@5", "tick=t@5", "a=2@85", "tick=t@85"));
}

struct Twice final : FixedKeyProcessor<Text, Text, Text> {
    void process(const FixedKeyRecord<Text, Text>& record) override {
        context().forward(record.with_value(record.value() + "-1"));
        context().forward(record.with_value(record.value() + "-2"));
    }
};

TEST(ProcessValues, NeedsNoRepartitioning) {
    const std::string text = described([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process_values([] { return std::make_unique<Twice>(); })
            .group_by_key()
            .count();
    });

    EXPECT_THAT(text, ::testing::Not(HasSubstr("repartition")));
}

struct Route final : Processor<Text, Text, Text, Text> {
    void process(const Record<Text, Text>& record) override {
        if (record.value == "loud") {
            context().forward(record, "loud");
        } else {
            context().forward(record);
        }
    }
};

TEST(TopologyBuilder, ForwardsToAChildByNameOrToAll) {
    TopologyBuilder builder;
    builder.add_source<Text, Text>("source", "in")
        .add_processor("route", [] { return std::make_unique<Route>(); }, {"source"})
        .add_sink<Text, Text>("loud", "loud-out", {"route"})
        .add_sink<Text, Text>("all", "all-out", {"route"});
    testing::TopologyTestDriver driver(builder.build());
    auto in = driver.input_topic<Text, Text>("in");
    in.pipe("a", "loud", timestamp_of(1));
    in.pipe("a", "soft", timestamp_of(2));

    EXPECT_THAT(lines_of(driver, "loud-out"), ElementsAre("a=loud@1", "a=soft@2"));
    EXPECT_THAT(lines_of(driver, "all-out"), ElementsAre("a=soft@2"));
}

TEST(TopologyBuilder, DoesNotChangeItsOriginalTopology) {
    TopologyBuilder first;
    first.add_source<Text, Text>("source", "in");
    const Topology topology = first.build();
    TopologyBuilder second(topology);
    second.add_sink<Text, Text>("sink", "out", {"source"});

    EXPECT_THAT(topology.describe(), ::testing::Not(HasSubstr("sink")));
    EXPECT_THAT(second.build().describe(), HasSubstr("Sink: sink (topic: out)"));
}

struct Settings final : Processor<Text, Text> {
    void process(const Record<Text, Text>& record) override {
        context().store<KeyValueStore<Text, Text>>("settings").put(record.key, record.value + "!");
    }
};
struct ReadSettings final : Processor<Text, Text, Text, Text> {
    void process(const Record<Text, Text>& record) override {
        const auto setting = context().store<KeyValueStore<Text, Text>>("settings").get(record.key);
        const Text value = record.value + setting.value_or("?");
        context().forward(record.with_value(value));
    }
};

TEST(GlobalStore, IsFilledByItsProcessorAndReadWithoutConnecting) {
    Program run([](StreamsBuilder& builder) {
        builder.add_global_store<Text, Text>(
            stores::key_value_store<Text, Text>(stores::in_memory_key_value_store("settings")),
            "config", [] { return std::make_unique<Settings>(); });
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<ReadSettings>(); })
            .to("out");
    });
    run.pipe("config", "a", "on", 1);
    run.pipe("in", "a", "x", 2);
    run.pipe("in", "b", "y", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=xon!@2", "b=y?@3"));
}

}  // namespace
}  // namespace millrace
