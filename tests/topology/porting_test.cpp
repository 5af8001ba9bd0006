// SPDX-License-Identifier: Apache-2.0

// The C++ side of docs/porting-from-java.md.
#include "driver.hpp"
#include "millrace/client/streams_config.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

// Payments of a card in an hour: cards with more than two, and when.
Topology busy_cards() {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("payments")
        .group_by_key()
        .windowed_by(TimeWindows::of(1h).grace(10min))
        .count({.store = "payments-by-hour"})
        .to_stream()
        .filter([](const Windowed<std::string>&, std::int64_t count) { return count > 2; })
        .map([](const Windowed<std::string>& card, std::int64_t count) {
            return std::pair(card.key, std::to_string(milliseconds_of(card.window.start)) + " " +
                                           std::to_string(count));
        })
        .to("busy-cards");
    return std::move(builder).build();
}

// Clicks of users with their regions, and how many each region has.
Topology clicks_by_region() {
    StreamsBuilder builder;
    const auto regions = builder.table<std::string, std::string>("user-regions");
    builder.stream<std::string, std::int64_t>("user-clicks")
        .left_join(regions,
                   [](std::int64_t clicks, const std::string* region) {
                       return std::pair(region != nullptr ? *region : "UNKNOWN", clicks);
                   })
        .map([](const std::string&, const std::pair<std::string, std::int64_t>& clicks) {
            return clicks;
        })
        .group_by_key({.name = "clicks-by-region"})
        .reduce(std::plus<std::int64_t>{})
        .to_stream()
        .to("clicks-by-region");
    return std::move(builder).build();
}

// The last value of each sensor, forwarded only if it has changed: with a processor and a store.
struct OnlyChanges final : Processor<std::string, std::string, std::string, std::string> {
    void process(const Record<std::string, std::string>& record) override {
        auto last = context().store<KeyValueStore<std::string, std::string>>("last");
        if (last.get(record.key) != record.value) {
            last.put(record.key, record.value);
            context().forward(record);
        }
    }
};

Topology only_changes() {
    StreamsBuilder builder;
    const auto last = stores::key_value_store<std::string, std::string>(
        stores::persistent_key_value_store("last"));
    builder.stream<std::string, std::string>("readings")
        .process([] { return std::make_unique<OnlyChanges>(); }, {.added_stores = {last}})
        .to("changes");
    return std::move(builder).build();
}

// A header with the names of the processors that a record has passed.
struct Marking final : WrappedProcessor {
    void process(const AnyRecord& record) override {
        context().add_header("through", inner().name());
        inner().process(record);
    }
};

Topology marked_words() {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("words")
        .filter([](const std::string& word) { return !word.empty(); }, {.name = "not-empty"})
        .peek([](const std::string&) {}, {.name = "look"})
        .to("marked");
    TopologyOptions options;
    options.processor_wrapper = [](const std::string&) {
        return WrappedProcessorSupplier{.make = [] { return std::make_unique<Marking>(); }};
    };
    return std::move(builder).build(options);
}

Topology regions(const StreamsConfig& config) {
    StreamsBuilder builder;
    builder.table<std::string, std::string>("user-regions", {.store = "regions"});
    return std::move(builder).build(config.topology_options());
}

TEST(PortedTopologies, FindBusyCards) {
    testing::TopologyTestDriver driver(busy_cards());
    auto payments = driver.input_topic<Text, Text>("payments");
    for (int i = 0; i < 4; ++i) {
        payments.pipe("card", "10.00", timestamp_of(3'600'000 + i));
    }

    EXPECT_THAT(lines_of(driver, "busy-cards"),
                ElementsAre("card=3600000 3@3600002", "card=3600000 4@3600003"));
}

TEST(PortedTopologies, CountClicksByRegion) {
    testing::TopologyTestDriver driver(clicks_by_region());
    driver.input_topic<Text, Text>("user-regions").pipe("ann", "asia", timestamp_of(1));
    auto clicks = driver.input_topic<Text, std::int64_t>("user-clicks");
    clicks.pipe("ann", 3, timestamp_of(2));
    clicks.pipe("bob", 1, timestamp_of(3));
    clicks.pipe("ann", 4, timestamp_of(4));

    EXPECT_THAT(lines_of<std::int64_t>(driver, "clicks-by-region"),
                ElementsAre("asia=3@2", "UNKNOWN=1@3", "asia=7@4"));
}

TEST(PortedTopologies, ForwardOnlyChanges) {
    testing::TopologyTestDriver driver(only_changes());
    auto readings = driver.input_topic<Text, Text>("readings");
    readings.pipe("s", "1", timestamp_of(1));
    readings.pipe("s", "1", timestamp_of(2));
    readings.pipe("s", "2", timestamp_of(3));

    EXPECT_THAT(lines_of(driver, "changes"), ElementsAre("s=1@1", "s=2@3"));
}

TEST(PortedTopologies, AddHeadersWithTheProcessorsOfARecord) {
    testing::TopologyTestDriver driver(marked_words());
    driver.input_topic<Text, Text>("words").pipe("k", "word", timestamp_of(1));

    const auto records = driver.output_topic<Text, Text>("marked").drain_records();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].headers, (Headers{{"through", "not-empty"}, {"through", "look"}}));
}

TEST(PortedTopologies, AreBuiltWithTheOptionsOfTheSettings) {
    StreamsConfig config;
    config.set("topology.optimization", "reuse.ktable.source.topics");
    testing::TopologyTestDriver driver(regions(config));
    driver.input_topic<Text, Text>("user-regions").pipe("ann", "asia", timestamp_of(1));

    EXPECT_THAT(driver.produced_topics(), ::testing::IsEmpty()) << "there is no changelog";
}

}  // namespace
}  // namespace millrace
