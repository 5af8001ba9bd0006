// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr auto kAppend = [](const Text& so_far, const Text& value) { return so_far + value; };

/// The filter requests old values, of which the first is the initial value.
constexpr auto kAll = [](const Text&) { return true; };

struct CountedInitial {
    std::shared_ptr<int> calls;
    Text operator()() const {
        ++*calls;
        return "<";
    }
};

TEST(Aggregate, CallsTheInitialFunctionOnceForANewRow) {
    const auto calls = std::make_shared<int>(0);
    Program run([&](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .aggregate(CountedInitial{calls}, kAppend, {.caching = false})
            .filter(kAll)
            .to_stream()
            .to("out");
    });
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "y", 2);

    EXPECT_EQ(*calls, 1);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=<x@1", "a=<xy@2"));
}

TEST(WindowedAggregate, CallsTheInitialFunctionOnceForANewWindow) {
    const auto calls = std::make_shared<int>(0);
    Program run([&](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of(10ms))
            .aggregate(CountedInitial{calls}, kAppend, {.caching = false})
            .filter(kAll)
            .to_stream_by([](const Windowed<Text>& key, const MaybeText&) { return key.key; })
            .to("out");
    });
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "y", 2);
    run.pipe("in", "a", "z", 11);

    EXPECT_EQ(*calls, 2);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=<x@1", "a=<xy@2", "a=<z@11"));
}

TEST(SlidingAggregate, CallsTheInitialFunctionOnceForANewWindow) {
    const auto calls = std::make_shared<int>(0);
    Program run([&](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of(10ms))
            .aggregate(CountedInitial{calls}, kAppend, {.caching = false})
            .filter(kAll)
            .to_stream_by([](const Windowed<Text>& key, const MaybeText&) { return key.key; })
            .to("out");
    });
    run.pipe("in", "a", "x", 100);

    EXPECT_EQ(*calls, 1);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=<x@100"));
}

}  // namespace
}  // namespace millrace
