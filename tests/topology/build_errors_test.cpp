// SPDX-License-Identifier: Apache-2.0

// Errors for mistakes in a topology that the compiler cannot detect.
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// A type that cannot be serialised.
struct Fare {
    int cents = 0;
};

const auto kFare = [](const Text& value) { return Fare{static_cast<int>(value.size())}; };
const auto kSame = [](const Text& value) { return value; };
const auto kCents = [](const auto&, const Fare& fare) { return fare.cents; };

template <class F>
void expect_error(F program, const std::string& place, const std::string& remedy,
                  const std::string& part = "values") {
    EXPECT_THAT([&] { described(program); },
                ThrowsMessage<TopologyError>(
                    AllOf(StartsWith("no serde for " + part + " of type millrace::"),
                          HasSubstr("::Fare: "), HasSubstr(place), HasSubstr(remedy),
                          HasSubstr("specialise millrace::Serde<millrace::"))));
}

TEST(MissingSerdes, OfARepartitionTopicAreNamedWithTheTopic) {
    const std::string remedy = "before the stream is grouped or joined";
    expect_error(
        [](StreamsBuilder& b) {
            b.stream<Text, Text>("in").select_key(kSame).map_values(kFare).group_by_key().count(
                {.store = "counts"});
        },
        "the repartition topic counts-repartition needs one", remedy);
    expect_error(
        [](StreamsBuilder& b) {
            b.stream<Text, Text>("in")
                .map_values(kFare)
                .group_by([](const Fare&) { return Text("all"); }, {.name = "by-fare"})
                .count();
        },
        "the repartition topic by-fare-repartition needs one", remedy);
    expect_error(
        [](StreamsBuilder& b) {
            const auto table = b.table<Text, Text>("table");
            b.stream<Text, Text>("in").select_key(kSame).map_values(kFare).join(
                table, [](const Fare& fare, const Text&) { return fare; }, {.name = "priced"});
        },
        "the repartition topic priced-repartition needs one", remedy);
}

TEST(MissingSerdes, OfAStoreAreNamedWithStoreAndNode) {
    const std::string remedy = "leave out the store of this table";
    expect_error(
        [](StreamsBuilder& b) {
            b.table<Text, Text>("in").map_values(kFare, {.name = "priced", .store = "fares"});
        },
        "the store fares of priced needs one", remedy);
    expect_error(
        [](StreamsBuilder& b) {
            const auto one = b.table<Text, Text>("one");
            one.join(b.table<Text, Text>("two"),
                     [](const Text& value, const Text&) { return kFare(value); },
                     {.name = "joined", .store = "fares"});
        },
        "the store fares of joined needs one", remedy);
}

TEST(MissingSerdes, OfAJoinWithGraceAreNamedWithTheJoin) {
    expect_error(
        [](StreamsBuilder& b) {
            const auto table = b.table<Text, Text>("table", {.store = "rows", .history = 1h});
            b.stream<Text, Text>("in").map_values(kFare).join(
                table, [](const Fare& fare, const Text&) { return fare; },
                {.name = "patient", .grace = 1s});
        },
        "the record buffer of join patient needs one", "leave out Joined::grace");
}

TEST(MissingSerdes, AreNotRequiredWhereNothingIsWritten) {
    EXPECT_NO_THROW(described([](StreamsBuilder& b) {
        const auto table = b.table<Text, Text>("table").map_values(kFare);
        b.stream<Text, Text>("in")
            .map_values(kFare)
            .join(table, [](const Fare& a, const Fare& b2) { return a.cents + b2.cents; })
            .map_values([](int cents) { return std::to_string(cents); })
            .to("out");
    }));
}

TEST(TwoBuilders, CannotShareStreamsAndTables) {
    StreamsBuilder one;
    StreamsBuilder two;
    const auto stream = one.stream<Text, Text>("in", {.name = "stream-of-one"});
    const auto other = two.stream<Text, Text>("in", {.name = "stream-of-two"});
    const auto table_of_one = one.table<Text, Text>("table", {.name = "table-of-one"});
    const auto table = two.table<Text, Text>("table", {.name = "table-of-two", .store = "rows"});
    const auto global = two.global_table<Text, Text>("global", {.store = "global-of-two"});
    const auto both = [](const Text& a, const Text& b) { return a + b; };
    const auto expect_refused = [&](auto combine, const std::string& first,
                                    const std::string& second) {
        EXPECT_THAT(combine, ThrowsMessage<TopologyError>(AllOf(
                                 HasSubstr("of two builders cannot be combined"), HasSubstr(first),
                                 HasSubstr(second), HasSubstr("with one StreamsBuilder"))));
    };

    expect_refused([&] { stream.merge(other); }, "stream-of-one", "stream-of-two");
    expect_refused([&] { stream.join(other, both, JoinWindows::of(1s)); }, "stream-of-one",
                   "stream-of-two");
    expect_refused([&] { stream.join(table, both); }, "stream-of-one", "table-of-two");
    expect_refused([&] { stream.join(global, kSame, both); }, "stream-of-one", "global-of-two");
    expect_refused([&] { table_of_one.join(table, both); }, "table-of-one", "table-of-two");
    expect_refused([&] { table_of_one.join(table, kSame, both); }, "table-of-one", "table-of-two");
    expect_refused(
        [&] {
            stream.group_by_key()
                .cogroup<Text>([](Text sum, const Text& value) { return sum + value; })
                .cogroup(other.group_by_key(),
                         [](Text sum, const Text& value) { return sum + value; })
                .aggregate(Text());
        },
        "COGROUPKSTREAM", "stream-of-two");
}

TEST(TypesOnAnEdge, AreNamedWhenTheyDiffer) {
    TopologyBuilder builder;
    builder.add_source<Text, Text>("source", "in");
    builder.add_sink<Text, std::int64_t>("sink", "out", {"source"});

    EXPECT_THAT([&] { testing::TopologyTestDriver driver(builder.build()); },
                ThrowsMessage<TopologyError>(
                    AllOf(HasSubstr("record types differ on the edge source -> sink"),
                          HasSubstr("forwards keys of type std::string and values of type "
                                    "std::string"),
                          HasSubstr("accepts keys of type std::string and values of type long"))));
}

}  // namespace
}  // namespace millrace
