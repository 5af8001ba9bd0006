// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/nodes/node.hpp"
#include "runtime/task/punctuation_queue.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;

class AnyNode final : public detail::Node {
  public:
    using Node::Node;
    detail::InputPort input_port() override { return {typeid(void), typeid(void), nullptr}; }
    void connect(Node&) override {}
};

TEST(PunctuationLimits, APunctuationEndsWithTheLargestTime) {
    const AnyNode node("node");
    PunctuationQueue queue;
    int calls = 0;
    queue.schedule(node, 10ms, timestamp_of(0), [&](Timestamp) { ++calls; });
    const auto run = [&](Timestamp now) {
        return queue.run(now, [&](const Punctuation& due) { due.punctuator(now); });
    };

    EXPECT_TRUE(run(Timestamp::max()));
    EXPECT_FALSE(run(Timestamp::max()));
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(queue.next(), std::nullopt);
}

TEST(PunctuationLimits, AnIntervalLongerThanTimeIsCalledOnce) {
    const AnyNode node("node");
    PunctuationQueue queue;
    int calls = 0;
    queue.schedule(node, std::chrono::milliseconds::max(), timestamp_of(5),
                   [&](Timestamp) { ++calls; });

    for (const std::int64_t now : {5, 6, 7}) {
        queue.run(timestamp_of(now), [&](const Punctuation& due) { due.punctuator({}); });
    }

    EXPECT_EQ(calls, 1);
}

TEST(PunctuationLimits, TheNextTimeOfAGridIsFoundAtAllTimes) {
    constexpr Timestamp kMin = Timestamp::min();
    constexpr Timestamp kMax = Timestamp::max();
    constexpr auto kLongest = std::chrono::milliseconds::max();
    const auto next = [](Timestamp anchor, std::chrono::milliseconds interval, Timestamp time) {
        return next_on_grid(anchor, interval, time);
    };

    EXPECT_EQ(next(timestamp_of(5), 10ms, timestamp_of(4)), timestamp_of(5));
    EXPECT_EQ(next(timestamp_of(5), 10ms, timestamp_of(5)), timestamp_of(15));
    EXPECT_EQ(next(timestamp_of(5), 10ms, timestamp_of(14)), timestamp_of(15));
    EXPECT_EQ(next(timestamp_of(5), 10ms, timestamp_of(15)), timestamp_of(25));
    EXPECT_EQ(next(timestamp_of(0), 10ms, kMax), std::nullopt);
    EXPECT_EQ(next(timestamp_of(0), kLongest, timestamp_of(0)), kMax);
    EXPECT_EQ(next(timestamp_of(0), kLongest, timestamp_of(1)), kMax);
    EXPECT_EQ(next(timestamp_of(1), kLongest, timestamp_of(1)), std::nullopt);
    EXPECT_EQ(next(kNoTimestamp, kLongest, kNoTimestamp), kMax - 1ms);
    EXPECT_EQ(next(kNoTimestamp, kLongest, timestamp_of(7)), kMax - 1ms);
    EXPECT_EQ(next(kMin, 10ms, kNoTimestamp), timestamp_of(2));
    EXPECT_EQ(next(kMin, kLongest, timestamp_of(0)), kMax - 1ms);
    EXPECT_EQ(next(kMin, 1ms, kMax), std::nullopt);
    EXPECT_EQ(next(kMax, 1ms, timestamp_of(0)), kMax);
}

}  // namespace
}  // namespace millrace::runtime
