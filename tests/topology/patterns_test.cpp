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

TEST(Patterns, ReadEveryMatchingTopic) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>(TopicPattern{R"(in-\d+)"}).to("out");
    });
    run.pipe("in-1", "a", "x", 1);
    run.pipe("in-22", "b", "y", 2);
    run.pipe("in-1", "c", "z", 3);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=x@1", "b=y@2", "c=z@3"));
    EXPECT_THROW(run.pipe("in-x", "a", "x", 1), Error);
}

TEST(Patterns, ReadRecordsThatTheTopologySendsToAMatchingTopic) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("start").to("step-1");
        builder.stream<Text, Text>(TopicPattern{"step-[0-9]"}).to("out");
    });
    run.pipe("start", "a", "x", 1);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=x@1"));
}

TEST(Patterns, KeepTheStateOfOtherTopics) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>(TopicPattern{"in-.*"})
            .group_by_key()
            .count()
            .to_stream()
            .to("out");
    });
    run.pipe("in-1", "a", "x", 1);
    run.pipe("in-2", "a", "x", 2);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a=1@1", "a=2@2"));
}

TEST(Patterns, AreRefusedWhenTheTopologyIsBuiltIfTheyAreInvalid) {
    StreamsBuilder builder;
    builder.stream<Text, Text>(TopicPattern{"in-(a"}).to("out");

    EXPECT_THAT([&] { (void)std::move(builder).build(); },
                ThrowsMessage<TopologyError>(AllOf(HasSubstr("in-(a"), HasSubstr("'('"))));
}

}  // namespace
}  // namespace millrace
