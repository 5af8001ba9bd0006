// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/topology_test_driver.hpp"
#include "millrace/core/error.hpp"
#include "millrace/serde/serde.hpp"
#include "support/test_nodes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

struct Word {
    std::string text;

    bool operator==(const Word&) const = default;
};

}  // namespace

template <>
struct Serde<Word> {
    static Bytes serialize(const Word& word) { return word.text; }
    static Word deserialize(BytesView bytes) { return {Bytes(bytes)}; }
};

namespace testing {
namespace {

using namespace std::chrono_literals;
using support::LambdaNode;
using support::StringRecord;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class TopologyTestDriverTest : public ::testing::Test {
  protected:
    void pass_on(const std::string& from, const std::string& to, LambdaNode::Calls calls,
                 std::vector<std::string> stores = {}) {
        spec.nodes.push_back(support::source_spec("source-" + from, {from}));
        spec.nodes.push_back(support::lambda_spec("node-" + from, {"source-" + from},
                                                  std::move(calls), std::move(stores)));
        spec.nodes.push_back(support::sink_spec("sink-" + from, {"node-" + from}, to));
    }

    void pass_on(const std::string& from, const std::string& to) {
        pass_on(from, to, {.process = [](LambdaNode& node, const StringRecord& record) {
                    node.forward(record);
                }});
    }

    void run(DriverOptions options = {.config = {{"dsl.store.suppliers.class", "in-memory"}}}) {
        driver.emplace(Topology(std::make_shared<millrace::detail::TopologySpec>(spec)),
                       std::move(options));
    }

    void pipe(const std::string& topic, std::string value, std::int64_t time) {
        driver->pipe({.topic = topic,
                      .key = "k",
                      .value = std::move(value),
                      .timestamp = timestamp_of(time)});
    }

    std::vector<std::string> drained() {
        std::vector<std::string> records;
        for (const BytesRecord& record : driver->drain()) {
            records.push_back(record.topic + "=" + record.value.value_or("null"));
        }
        return records;
    }

    millrace::detail::TopologySpec spec;
    std::optional<TopologyTestDriver> driver;
};

TEST_F(TopologyTestDriverTest, ProcessesARecordAtOnce) {
    pass_on("in", "out");
    run();

    pipe("in", "a", 5);

    EXPECT_THAT(drained(), ElementsAre("out=a"));
    EXPECT_THAT(drained(), IsEmpty());
    EXPECT_EQ(driver->stream_time(), timestamp_of(5));
    EXPECT_THAT(driver->committed_offsets(), ElementsAre(Pair(TopicPartition{"in", 0}, 1)));
}

TEST_F(TopologyTestDriverTest, ReadsRecordsThatItWritesToAnInputTopic) {
    pass_on("in", "middle");
    pass_on("middle", "out");
    run();

    pipe("in", "a", 5);

    EXPECT_THAT(drained(), ElementsAre("middle=a", "out=a"));
    EXPECT_THAT(driver->produced_topics(), ElementsAre("middle", "out"));
}

TEST_F(TopologyTestDriverTest, ProcessesBufferedRecordsByTimeAcrossTopics) {
    pass_on("in", "late", {.process = [](LambdaNode& node, const StringRecord& record) {
                node.forward(record.with_timestamp(timestamp_of(30)));
                auto& collector = node.context().collector();
                collector.send(collector.topic("early"),
                               {.key = "k", .value = record.value, .timestamp = timestamp_of(10)});
            }});
    pass_on("late", "from-late");
    pass_on("early", "from-early");
    run();

    pipe("in", "a", 5);

    EXPECT_THAT(drained(), ElementsAre("late=a", "early=a", "from-early=a", "from-late=a"));
}

TEST_F(TopologyTestDriverTest, CommitsAfterEachRecordSoThatStoresAreReadable) {
    spec.stores.push_back({.name = "s"});
    pass_on("in", "out",
            {.process =
                 [](LambdaNode& node, const StringRecord& record) {
                     dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "s"))
                         .put(record.key, record.value);
                 }},
            {"s"});
    run();

    pipe("in", "a", 5);

    EXPECT_EQ(driver->key_value_store("s").get("k"), "a");
    EXPECT_THAT(driver->store_names(), ElementsAre("s"));
    EXPECT_THAT(drained(), ElementsAre("test-s-changelog=a"));
    EXPECT_EQ(driver->store("no such store"), nullptr);
    EXPECT_THROW(driver->window_store("s"), Error);
}

TEST_F(TopologyTestDriverTest, AdvancesTheWallClockAndCallsEachPunctuatorOnce) {
    pass_on("in", "out",
            {.init =
                 [](LambdaNode& node) {
                     node.context().schedule(
                         node, {.interval = 10ms, .type = PunctuationType::kWallClock},
                         [&node](Timestamp time) {
                             const std::string value = std::to_string(milliseconds_of(time));
                             node.forward({value, value, time, Headers()});
                         });
                 },
             .process = [](LambdaNode&, const StringRecord&) {}});
    run();

    driver->advance_wall_clock(9ms);
    EXPECT_THAT(drained(), IsEmpty());
    driver->advance_wall_clock(26ms);

    EXPECT_THAT(drained(), ElementsAre("out=35"));
    EXPECT_EQ(driver->wall_clock(), timestamp_of(35));
}

TEST_F(TopologyTestDriverTest, WaitsForAnEmptyInputUntilTheIdleTimeHasPassed) {
    pass_on("x", "out");
    pass_on("y", "out");
    run({.config = {{"max.task.idle.ms", "100"}}});

    pipe("x", "x5", 5);
    EXPECT_THAT(drained(), IsEmpty());
    pipe("y", "y3", 3);
    EXPECT_THAT(drained(), ElementsAre("out=y3"));
    driver->advance_wall_clock(100ms);
    EXPECT_THAT(drained(), ElementsAre("out=x5"));
}

TEST_F(TopologyTestDriverTest, TypedTopicsWriteAndReadWithTheirSerdes) {
    pass_on("in", "out");
    run({.wall_clock = timestamp_of(77)});
    auto in = driver->input_topic<Word, Word>("in");
    auto out = driver->output_topic<Word, Word>("out");

    in.pipe({"k"}, {"v1"});
    in.pipe({"k"}, {"v2"}, timestamp_of(5), {{"h", "1"}});

    EXPECT_EQ(out.size(), 2U);
    EXPECT_EQ(out.read(), (TestRecord<Word, Word>{{"k"}, {"v1"}, timestamp_of(77), {}}));
    EXPECT_EQ(out.read(), (TestRecord<Word, Word>{{"k"}, {"v2"}, timestamp_of(5), {{"h", "1"}}}));
    EXPECT_TRUE(out.empty());
    EXPECT_THROW(out.read(), Error);
}

TEST_F(TopologyTestDriverTest, InputTopicsCanAdvanceTimeAutomatically) {
    pass_on("in", "out");
    run();
    auto in = driver->input_topic<Word, Word>("in", {.start = timestamp_of(10), .advance = 3ms});

    in.pipe({"k"}, {"a"});
    in.pipe({"k"}, {"b"});
    in.advance_time(100ms);
    in.pipe({"k"}, {"c"});

    std::vector<std::int64_t> times;
    for (const BytesRecord& record : driver->drain()) {
        times.push_back(milliseconds_of(record.timestamp.value()));
    }
    EXPECT_THAT(times, ElementsAre(10, 13, 116));
}

TEST_F(TopologyTestDriverTest, ANullNeedsATypeThatAllowsIt) {
    pass_on("in", "out", {.process = [](LambdaNode& node, const StringRecord&) {
                auto& collector = node.context().collector();
                collector.send(collector.topic("out"), {.key = "k", .value = {}, .timestamp = {}});
            }});
    run();
    auto strict = driver->output_topic<Word, Word>("out");
    auto nullable = driver->output_topic<Word, std::optional<Word>>("out");

    pipe("in", "a", 1);
    EXPECT_THROW(strict.read(), SerdeError);

    pipe("in", "a", 1);
    EXPECT_THAT(nullable.drain_key_values(), ElementsAre(Pair(Word{"k"}, std::nullopt)));
}

TEST_F(TopologyTestDriverTest, RefusesTopicsThatAreNotRead) {
    pass_on("in", "out");
    run();

    EXPECT_THROW(pipe("out", "a", 1), Error);
    EXPECT_THROW((driver->input_topic<NoKey, NoKey>("nowhere")), Error);
}

TEST_F(TopologyTestDriverTest, UsesTheConfiguredHandlers) {
    pass_on("in", "out");
    run();
    EXPECT_THROW(pipe("in", "unreadable", 1), ProcessingError);

    run({.config = {{"deserialization.exception.handler", "log-and-continue"},
                    {"errors.dead.letter.queue.topic.name", "dead"}}});
    pipe("in", "unreadable", 1);
    pipe("in", "a", 1);

    EXPECT_THAT(drained(), ElementsAre("dead=unreadable", "out=a"));
    EXPECT_EQ(driver->dropped_records(), 1U);
}

TEST_F(TopologyTestDriverTest, RefusesInvalidSettings) {
    pass_on("in", "out");

    EXPECT_THROW(run({.config = {{"max.task.idle.ms", "soon"}}}), ConfigError);
    EXPECT_THROW(run({.config = {{"statestore.cache.max.bytes", "-1"}}}), ConfigError);
    EXPECT_THROW(run({.config = {{"dsl.store.suppliers.class", "paper"}}}), ConfigError);
    EXPECT_THROW(run({.config = {{"dsl.store.format", "paper"}}}), ConfigError);
    EXPECT_THROW(run({.config = {{"processing.exception.handler", "panic"}}}), ConfigError);
}

TEST_F(TopologyTestDriverTest, ClosesNodesOnce) {
    int closed = 0;
    pass_on("in", "out",
            {.process = [](LambdaNode&, const StringRecord&) {},
             .close = [&](LambdaNode&) { ++closed; }});
    run();

    driver->close();
    driver->close();
    driver.reset();

    EXPECT_EQ(closed, 1);
}

}  // namespace
}  // namespace testing
}  // namespace millrace
