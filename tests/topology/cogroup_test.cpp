// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Cogroup, AggregatesEachStreamWithItsOwnAggregatorIntoOneStore) {
    Program run([](StreamsBuilder& builder) {
        const auto x = builder.stream<MaybeText, MaybeText>("x").group_by_key();
        const auto y = builder.stream<MaybeText, MaybeText>("y").group_by_key();
        x.cogroup<Text>([](const Text& so_far, const Text& value) { return so_far + "x" + value; })
            .cogroup(y, [](const Text& so_far, const Text& value) { return so_far + "y" + value; })
            .aggregate(Text(), {.store = "both"})
            .to_stream()
            .to("out");
    });
    run.pipe("x", "a", "1", 5);
    run.pipe("y", "a", "2", 3);
    run.pipe("y", std::nullopt, "3", 9);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=x1@5", "a=x1y2@5"));
    EXPECT_THAT(run.driver().store_names(), ElementsAre("both"));
}

TEST(Cogroup, NamesItsNodesAfterTheOptions) {
    const std::string text = described([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .cogroup<Text>([](const Text& so_far, const Text&) { return so_far; })
            .windowed_by(TimeWindows::of(10ms))
            .aggregate(Text(), {.name = "co", .store = "co-store"});
    });

    EXPECT_THAT(text, HasSubstr("Processor: co-cogroup-agg-0 (stores: [co-store])"));
    EXPECT_THAT(text, HasSubstr("Processor: co-cogroup-merge (stores: [])"));
}

struct Counting final : ValueTransformer<Text, Text, Text> {
    int calls = 0;
    MaybeText transform(const Text& key, const Text* value) override {
        return value == nullptr ? std::nullopt
                                : MaybeText(key + *value + "#" + std::to_string(calls++));
    }
};

TEST(TransformValues, KeepsStateAndSupportsLookups) {
    Program run([](StreamsBuilder& builder) {
        const auto transformed = builder.table<Text, Text>("in").transform_values(
            [] { return std::make_unique<Counting>(); });
        transformed.to_stream().to("out");
        transformed
            .left_join(builder.table<Text, Text>("other"),
                       [](const Text& mine, const Text*) { return mine; })
            .to_stream()
            .to("joined");
    });
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "y", 2);
    run.pipe("other", "a", "o", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre(HasSubstr("a=ax#"), HasSubstr("a=ay#")));
    const auto joined = run.lines("joined");
    ASSERT_EQ(joined.size(), 3U);
    EXPECT_EQ(joined[2], "a=ay#0@3") << "the first call of the second object";
}

}  // namespace
}  // namespace millrace
