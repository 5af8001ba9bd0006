// SPDX-License-Identifier: Apache-2.0

// What a running client says when its topology and its topics, or its own code, do not work.
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <atomic>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Text = std::string;

class EmbeddedTopologyErrors : public support::EmbeddedApplication {
  protected:
    EmbeddedTopologyErrors() { create_topics(1); }

    std::unique_ptr<KafkaStreams> run(const Topology& topology) {
        auto streams = client(topology, config());
        keep_errors(*streams);
        streams->start();
        return streams;
    }

    static Topology two_patterns() {
        StreamsBuilder builder;
        builder.stream<Text, Text>(TopicPattern{"x-.*"}).to("out");
        builder.stream<Text, Text>(TopicPattern{".*-1"}).to("out");
        return std::move(builder).build();
    }

    void expect_refusal(const KafkaStreams& streams) {
        EXPECT_TRUE(streams.wait_for(ClientState::kError, 60s));
        EXPECT_THAT(errors(), Not(IsEmpty()));
        EXPECT_THAT(errors(), Each(AllOf(HasSubstr("topic x-1 matches the patterns of two sources"),
                                         HasSubstr("x-.*"), HasSubstr(".*-1"))));
    }
};

TEST_F(EmbeddedTopologyErrors, ATopicOfTwoPatternsStopsTheStart) {
    broker.create_topic("x-1", 1);
    const auto streams = run(two_patterns());

    expect_refusal(*streams);
}

TEST_F(EmbeddedTopologyErrors, ATopicOfTwoPatternsThatAppearsLaterStopsTheClient) {
    broker.create_topic("x-2", 1);
    const auto streams = run(two_patterns());
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    broker.create_topic("x-1", 1);

    expect_refusal(*streams);
}

struct FailsToStart final : Processor<Text, Text, Text, Text> {
    void init(Context&) override { throw 17; }  // NOLINT(hicpp-exception-baseclass)
    void process(const Record<Text, Text>&) override {}
};

TEST_F(EmbeddedTopologyErrors, AnExceptionOfInitNamesTheNodeAndTheTask) {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .process([] { return std::make_unique<FailsToStart>(); }, {.name = "failing"})
        .to("out");
    const auto streams = run(std::move(builder).build());

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(), Not(IsEmpty()));
    EXPECT_THAT(errors(), Each(HasSubstr("cannot initialise node failing, task 0_0: exception not "
                                         "derived from std::exception")));
}

TEST_F(EmbeddedTopologyErrors, ATimestampExtractorThatFailsWhileATableIsRestoredNamesTheRecord) {
    std::atomic<bool> fails = false;
    const auto topology = [&] {
        StreamsBuilder builder;
        builder
            .table<Text, Text>(
                "in", {.store = "rows"},
                {.timestamp =
                     [&](const ConsumedRecord<Text, std::optional<Text>>& record, Timestamp) {
                         if (fails) {
                             throw 17;  // NOLINT(hicpp-exception-baseclass)
                         }
                         return record.timestamp;
                     }})
            .to_stream()
            .foreach ([this](const auto&, const auto&) { processed.happened(); });
        return std::move(builder).build(TopologyOptions::optimized());
    };
    broker.produce("in", {.key = "a", .value = "x", .timestamp = timestamp_of(7)});
    auto streams = run(topology());
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->close(60s));
    streams.reset();
    std::filesystem::remove_all(state_dir);

    fails = true;
    streams = run(topology());

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(), Not(IsEmpty()));
    EXPECT_THAT(errors(), Each(AllOf(HasSubstr("the timestamp extractor failed"),
                                     HasSubstr("topic in, partition 0, offset 0, timestamp 7"))));
    streams.reset();
}

}  // namespace
}  // namespace millrace
