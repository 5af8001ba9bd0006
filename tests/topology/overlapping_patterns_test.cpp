// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void two_patterns(StreamsBuilder& builder) {
    builder.stream<Text, Text>(TopicPattern{"x-.*"}).to("out");
    builder.stream<Text, Text>(TopicPattern{".*-1"}).to("out2");
}

TEST(OverlappingPatterns, AreRefusedWithTheTopicThatBothMatch) {
    Program run(two_patterns);

    for (int time : {1, 2}) {
        EXPECT_THAT([&] { run.pipe("x-1", "a", "v", time); },
                    ThrowsMessage<TopologyError>(
                        AllOf(HasSubstr("topic x-1"), HasSubstr("x-.*"), HasSubstr(".*-1"))));
    }
}

TEST(OverlappingPatterns, ReadTopicsThatOneOfThemMatches) {
    Program run(two_patterns);
    run.pipe("x-2", "a", "v", 1);
    run.pipe("y-1", "b", "w", 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=v@1"));
    EXPECT_THAT(run.lines("out2"), ElementsAre("b=w@2"));
}

TEST(OverlappingPatterns, AreRefusedByTheVerbIfATopicOfAnotherSourceMatches) {
    const auto first = [](StreamsBuilder& builder) {
        builder.stream<Text, Text>("x-1").to("out");
        builder.stream<Text, Text>(TopicPattern{"x-.*"}).to("out2");
    };
    const auto last = [](StreamsBuilder& builder) {
        builder.stream<Text, Text>(TopicPattern{"x-.*"}).to("out2");
        builder.stream<Text, Text>("x-1").to("out");
    };

    EXPECT_THAT([&] { described(first); },
                ThrowsMessage<TopologyError>(AllOf(HasSubstr("x-1"), HasSubstr("x-.*"))));
    EXPECT_THAT([&] { described(last); },
                ThrowsMessage<TopologyError>(HasSubstr("topic x-1 is read by source")));
}

}  // namespace
}  // namespace millrace
