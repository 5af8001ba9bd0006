// SPDX-License-Identifier: Apache-2.0

// Records that were skipped must not reappear in tables when state is restored.
#include "millrace/client/query.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

using Text = std::string;
using Numbers = ReadOnlyKeyValueStore<Text, std::int64_t>;

std::string number(char value) {
    return {'\0', '\0', '\0', '\0', '\0', '\0', '\0', value};
}

/// A table of numbers whose source topic is its changelog, and a global one.
class EmbeddedSkippedRows : public support::EmbeddedApplication {
  protected:
    EmbeddedSkippedRows() { create_topics(1); }

    StreamsConfig tolerant() const {
        StreamsConfig result = config();
        result.deserialization_exception_handler = log_and_continue;
        return result;
    }

    Topology table_topology() {
        StreamsBuilder builder;
        builder.table<Text, std::int64_t>("in", {.store = "numbers"})
            .to_stream()
            .foreach ([this](const auto&, const auto&) { processed.happened(); });
        return std::move(builder).build(TopologyOptions::optimized());
    }

    /// Numbers of the global table by the text of "in".
    Topology global_topology() {
        StreamsBuilder builder;
        auto numbers = builder.global_table<Text, std::int64_t>("numbers", {.store = "numbers"});
        builder.stream<Text, Text>("in").foreach (
            [this](const auto&, const auto&) { processed.happened(); });
        return std::move(builder).build();
    }

    void send(const std::string& topic, const std::string& key, const std::string& value,
              std::optional<Timestamp> time = std::nullopt) {
        broker.produce(topic, {.key = key, .value = value, .timestamp = time});
    }

    std::unique_ptr<KafkaStreams> run(const Topology& topology, const StreamsConfig& with) {
        auto streams = client(topology, with);
        keep_errors(*streams);
        streams->start();
        return streams;
    }

    static std::vector<std::pair<Text, std::int64_t>> rows(const KafkaStreams& streams) {
        EXPECT_TRUE(streams.wait_for(ClientState::kRunning, 60s));
        return streams.store<Numbers>("numbers").all();
    }
};

TEST_F(EmbeddedSkippedRows, StaySkippedWhenATableIsRestoredFromItsSourceTopic) {
    send("in", "a", number(1));
    send("in", "b", number(2));
    send("in", "a", "unreadable");
    send("in", "c", "unreadable");
    send("in", "d", number(4));
    auto streams = run(table_topology(), tolerant());
    ASSERT_TRUE(processed.wait_for(3));
    ASSERT_TRUE(streams->close(60s));

    for (const bool state_lost : {false, true}) {
        SCOPED_TRACE(state_lost ? "state lost" : "state kept");
        streams.reset();
        if (state_lost) {
            std::filesystem::remove_all(state_dir);
        }
        streams = run(table_topology(), tolerant());
        EXPECT_THAT(rows(*streams), UnorderedElementsAre(Pair("a", 1), Pair("b", 2), Pair("d", 4)));
        EXPECT_TRUE(streams->close(60s));
    }
    EXPECT_THAT(errors(), ElementsAre());
}

TEST_F(EmbeddedSkippedRows, OfNegativeTimeStaySkippedToo) {
    auto skipping = config();
    skipping.default_timestamp_extractor = TimestampPolicy::kSkip;
    send("in", "a", number(1));
    send("in", "a", number(2), timestamp_of(-1));
    send("in", "b", number(3));
    auto streams = run(table_topology(), skipping);
    ASSERT_TRUE(processed.wait_for(2));
    ASSERT_TRUE(streams->close(60s));
    streams.reset();
    std::filesystem::remove_all(state_dir);

    streams = run(table_topology(), skipping);
    EXPECT_THAT(rows(*streams), UnorderedElementsAre(Pair("a", 1), Pair("b", 3)));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedSkippedRows, StopTheRestoreWhenTheHandlerNowFails) {
    send("in", "a", number(1));
    send("in", "a", "unreadable");
    send("in", "b", number(2));
    auto streams = run(table_topology(), tolerant());
    ASSERT_TRUE(processed.wait_for(2));
    ASSERT_TRUE(streams->close(60s));
    streams.reset();
    std::filesystem::remove_all(state_dir);

    streams = run(table_topology(), config());
    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(errors(),
                ElementsAre(AllOf(HasSubstr("restoring store numbers"),
                                  HasSubstr("topic in, partition 0, offset 1"),
                                  HasSubstr("deserialization.exception.handler=continue"))));
}

TEST_F(EmbeddedSkippedRows, HaveTheirDeadLettersSentOnce) {
    broker.create_topic("rejected", 1);
    auto with_letters = tolerant();
    with_letters.errors_dead_letter_queue_topic_name = "rejected";
    send("in", "a", "unreadable");
    send("in", "b", number(2));
    auto streams = run(table_topology(), with_letters);
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->close(60s));
    streams.reset();
    std::filesystem::remove_all(state_dir);

    streams = run(table_topology(), with_letters);
    EXPECT_THAT(rows(*streams), ElementsAre(Pair("b", 2)));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_EQ(broker.records("rejected").size(), 1U);
}

TEST_F(EmbeddedSkippedRows, StaySkippedByAGlobalTableAtItsStartAndLater) {
    broker.create_topic("numbers", 2);
    send("numbers", "a", number(1));
    send("numbers", "a", "unreadable");
    for (const char last : {char{2}, char{3}}) {
        auto streams = run(global_topology(), tolerant());
        const auto numbers = streams->store<Numbers>("numbers");
        EXPECT_EQ(numbers.get("a"), 1);

        send("numbers", "a", "unreadable again");
        send("numbers", "b", number(last));
        while (numbers.get("b") != last) {
            std::this_thread::yield();
        }
        EXPECT_EQ(numbers.get("a"), 1);
        EXPECT_TRUE(streams->close(60s));
    }
    EXPECT_THAT(errors(), ElementsAre());
}

}  // namespace
}  // namespace millrace
