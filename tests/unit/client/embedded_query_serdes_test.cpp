// SPDX-License-Identifier: Apache-2.0

// Queries use the serdes of the topology.
#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
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
using ::testing::ThrowsMessage;

using Text = std::string;
using Texts = ReadOnlyKeyValueStore<Text, Text>;

/// Text with prefix "#".
class Marked final : public CustomSerde<Text> {
  public:
    Bytes serialize(const Text& value) const override { return "#" + value; }
    Text deserialize(BytesView bytes) const override {
        if (bytes.empty() || bytes.front() != '#') {
            throw SerdeError("not marked");
        }
        return Text(bytes.substr(1));
    }
};

/// A type without a Serde.
struct Label {
    Text text;
};
class LabelSerde final : public CustomSerde<Label> {
  public:
    Bytes serialize(const Label& value) const override { return Marked().serialize(value.text); }
    Label deserialize(BytesView bytes) const override { return {Marked().deserialize(bytes)}; }
};

class EmbeddedQuerySerdes : public support::EmbeddedApplication {
  protected:
    EmbeddedQuerySerdes() {
        create_topics(1);
        broker.produce("in", {.key = "#a", .value = "#1", .timestamp = timestamp_of(7)});
    }

    template <class Build>
    std::unique_ptr<KafkaStreams> run(Build build) {
        StreamsBuilder builder;
        build(builder);
        auto streams = client(std::move(builder).build(), config());
        streams->start();
        EXPECT_TRUE(processed.wait_for(1));
        EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
        return streams;
    }

    template <class Table>
    void watch(Table table) {
        table.to_stream().foreach ([this](const auto&) { processed.happened(); });
    }

    SerdeOf<Text> marked{std::make_shared<Marked>()};
};

TEST_F(EmbeddedQuerySerdes, AreThoseOfATable) {
    const auto streams = run([this](StreamsBuilder& builder) {
        watch(builder.table<Text, Text>(
            "in", {.store = "rows", .key_serde = marked, .value_serde = marked}));
    });
    const auto rows = streams->store<Texts>("rows");

    EXPECT_EQ(rows.get("a"), "1");
    EXPECT_THAT(rows.all(), ElementsAre(Pair("a", "1")));
    EXPECT_THAT(rows.range("a", "b"), ElementsAre(Pair("a", "1")));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedQuerySerdes, AreEnoughForATypeWithoutASerde) {
    const auto streams = run([this](StreamsBuilder& builder) {
        watch(builder.table<Text, Label>(
            "in",
            {.store = "rows", .key_serde = marked, .value_serde = std::make_shared<LabelSerde>()}));
    });

    const auto row = streams->store<ReadOnlyKeyValueStore<Text, Label>>("rows").get("a");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->text, "1");
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedQuerySerdes, AreThoseOfAGlobalTable) {
    broker.create_topic("names", 1);
    broker.produce("names", {.key = "#n", .value = "#2"});
    const auto streams = run([this](StreamsBuilder& builder) {
        builder.global_table<Text, Text>(
            "names", {.store = "names", .key_serde = marked, .value_serde = marked});
        builder.stream<Text, Text>("in").foreach ([this](const auto&) { processed.happened(); });
    });

    EXPECT_EQ((streams->store<Texts>("names").get("n")), "2");
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedQuerySerdes, AreThoseOfTheStreamThatIsAggregated) {
    const auto streams = run([this](StreamsBuilder& builder) {
        const auto grouped =
            builder.stream<Text, Text>("in", {.key_serde = marked, .value_serde = marked})
                .group_by_key();
        grouped.count({.store = "counts"});
        grouped.windowed_by(SessionWindows::of(10ms).grace(1h)).count({.store = "visits"});
        watch(grouped.windowed_by(TimeWindows::of(10ms).grace(1h))
                  .reduce([](const Text& before, const Text&) { return before; },
                          {.store = "windows"}));
    });

    EXPECT_EQ((streams->store<ReadOnlyKeyValueStore<Text, std::int64_t>>("counts").get("a")), 1);
    EXPECT_EQ((streams->store<ReadOnlyWindowStore<Text, Text>>("windows")
                   .fetch("a", timestamp_of(0), timestamp_of(9))
                   .size()),
              1U);
    EXPECT_EQ(
        (streams->store<ReadOnlySessionStore<Text, std::int64_t>>("visits").fetch("a").size()), 1U);
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedQuerySerdes, CanBePassedWithTheQuery) {
    const auto streams = run([this](StreamsBuilder& builder) {
        watch(builder.table<Text, Text>(
            "in", {.store = "rows", .key_serde = marked, .value_serde = marked}));
    });

    const auto raw = streams->store<Texts>("rows", {});
    EXPECT_EQ(raw.get("#a"), "#1");
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedQuerySerdes, OfOtherTypesAreRefused) {
    const auto streams = run([this](StreamsBuilder& builder) {
        watch(builder.table<Text, Text>(
            "in", {.store = "rows", .key_serde = marked, .value_serde = marked}));
    });

    using Numbers = ReadOnlyKeyValueStore<Text, std::int64_t>;
    EXPECT_THAT([&] { streams->store<Numbers>("rows"); },
                ThrowsMessage<StateError>(
                    AllOf(HasSubstr("other types: rows is written with"), HasSubstr("long"))));
    EXPECT_TRUE(streams->close(60s));
}

}  // namespace
}  // namespace millrace
