// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The first letter is the foreign key; "-" is none.
MaybeText first_letter(const Text& value) {
    return value == "-" ? std::nullopt : MaybeText(value.substr(0, 1));
}

Text beside(const Text& mine, const Text* other) {
    return mine + "+" + (other != nullptr ? *other : "null");
}

TEST(ForeignKeyJoin, FollowsChangesOfBothSidesAndOfTheKey) {
    Program run([](StreamsBuilder& builder) {
        const auto right = builder.table<Text, Text>("right");
        builder.table<Text, Text>("left")
            .join(right, first_letter,
                  [](const Text& mine, const Text& other) { return mine + "+" + other; })
            .to_stream()
            .to("out");
    });
    run.pipe("left", "a", "x1", 5);
    run.pipe("right", "x", "R", 3);
    run.pipe("left", "b", "x2", 4);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=x1+R@3", "b=x2+R@4"));

    run.pipe("left", "a", "y1", 6);
    run.pipe("right", "x", std::nullopt, 7);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=-@6", "b=-@7"));
}

TEST(ForeignKeyJoin, WritesTheBytesOfKafkaStreams) {
    Program run([](StreamsBuilder& builder) {
        builder.table<Text, Text>("left").join(builder.table<Text, Text>("right"), first_letter,
                                               [](const Text& mine, const Text&) { return mine; },
                                               {.name = "fk"});
    });
    run.pipe("left", "a", "x1", 5);

    const auto sent = run.driver()
                          .output_topic<Text, Bytes>("test-fk-subscription-registration-topic")
                          .drain_key_values();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].first, "x");
    EXPECT_EQ(
        sent[0].second,
        Bytes(
            "\x01\x03\x2d\x2b\x71\xd4\xc1\x07\x1f\xf0\xb8\x74\x05\x1f\x94\xfb\x15\x8a\x61\0\0\0\0",
            23));
}

TEST(ForeignKeyLeftJoin, KeepsRowsWithoutAMatchAndWithoutAKey) {
    Program run([](StreamsBuilder& builder) {
        builder.table<Text, Text>("left")
            .left_join(builder.table<Text, Text>("right"), first_letter, beside)
            .to_stream()
            .to("out");
    });
    run.pipe("left", "a", "x1", 1);
    run.pipe("left", "b", "-", 2);
    run.pipe("right", "x", "R", 3);
    run.pipe("left", "a", std::nullopt, 4);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=x1+null@1", "b=-+null@2", "a=x1+R@3", "a=-@4"));
}

TEST(ForeignKeyLeftJoin, UsesNoTimeOfOneSideOfAJoinWithoutStore) {
    Program run([](StreamsBuilder& builder) {
        const auto whole = builder.table<Text, Text>("one").join(
            builder.table<Text, Text>("two"),
            [](const Text& one, const Text& two) { return one + two; });
        builder.table<Text, Text>("left")
            .left_join(whole, first_letter, beside)
            .to_stream()
            .to("out");
    });
    run.pipe("one", "x", "1", 50);
    run.pipe("left", "a", "x1", 5);
    run.pipe("two", "x", "2", 7);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=x1+null@5", "a=x1+12@50"));
}

TEST(ForeignKeyJoin, IsTwoSubTopologiesWithTopicsInBetween) {
    const std::string text = described([](StreamsBuilder& builder) {
        builder.table<Text, Text>("left").join(builder.table<Text, Text>("right"), first_letter,
                                               [](const Text& mine, const Text&) { return mine; });
    });

    EXPECT_THAT(text, HasSubstr("Sub-topology: 1"));
    EXPECT_THAT(text, HasSubstr("Sink: KTABLE-SINK-0000000015 (topic: "
                                "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-0000000014-topic)"));
}

}  // namespace
}  // namespace millrace
