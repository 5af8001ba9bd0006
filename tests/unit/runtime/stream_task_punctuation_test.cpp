// SPDX-License-Identifier: Apache-2.0
#include "unit/runtime/stream_task_fixture.hpp"

#include <stdexcept>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using support::LambdaNode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(StreamTaskTest, PunctuatesWithTheTimeThatFired) {
    std::vector<std::string> fired;
    calls.init = [&](LambdaNode& node) {
        node.context().schedule(node, {.interval = 10ms}, [&](Timestamp time) {
            fired.push_back("stream " + std::to_string(milliseconds_of(time)));
            EXPECT_EQ(node.context().record().topic, nullptr);
            EXPECT_EQ(node.context().record().timestamp, time);
        });
        node.context().schedule(
            node, {.interval = 100ms, .type = PunctuationType::kWallClock}, [&](Timestamp time) {
                fired.push_back("wall " + std::to_string(milliseconds_of(time)));
            });
    };
    start();
    EXPECT_FALSE(task->punctuate(timestamp_of(1099)));
    EXPECT_TRUE(task->punctuate(timestamp_of(1100)));

    add("a", 25, 0);
    run();
    EXPECT_TRUE(task->punctuate(timestamp_of(1101)));
    EXPECT_FALSE(task->punctuate(timestamp_of(1102)));

    EXPECT_THAT(fired, ElementsAre("wall 1100", "stream 25"));
    EXPECT_TRUE(task->commit_needed());
}

TEST_F(StreamTaskTest, AnchorsSchedulesAtTheGivenTimeAndNeverInThePast) {
    std::vector<std::int64_t> fired;
    calls.init = [&](LambdaNode& node) {
        for (const std::int64_t start : {1050, 970}) {
            node.context().schedule(node,
                                    {.interval = 40ms,
                                     .type = PunctuationType::kWallClock,
                                     .start = timestamp_of(start)},
                                    [&fired, start](Timestamp) { fired.push_back(start); });
        }
    };
    start();  // At 1000.

    task->punctuate(timestamp_of(1009));
    EXPECT_THAT(fired, IsEmpty());
    task->punctuate(timestamp_of(1010));
    EXPECT_THAT(fired, ElementsAre(970));
    task->punctuate(timestamp_of(1049));
    EXPECT_THAT(fired, ElementsAre(970));
}

TEST_F(StreamTaskTest, RefusesIntervalsBelowAMillisecond) {
    calls.init = [&](LambdaNode& node) {
        EXPECT_THROW(node.context().schedule(node, {}, [](Timestamp) {}), std::invalid_argument);
    };
    start();
}

}  // namespace
}  // namespace millrace::runtime
