// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/punctuation_queue.hpp"
#include "millrace/detail/nodes/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NamedNode final : public detail::Node {
  public:
    using Node::Node;
    detail::InputPort input_port() override { return {typeid(void), typeid(void), nullptr}; }
    void connect(Node&) override {}
};

class PunctuationQueueTest : public ::testing::Test {
  protected:
    Cancellable every(std::chrono::milliseconds interval, std::int64_t first,
                      const std::string& name = "p") {
        return queue.schedule(node, interval, timestamp_of(first), [this, name](Timestamp time) {
            calls.push_back(name + "@" + std::to_string(milliseconds_of(time)));
        });
    }

    bool run(std::int64_t now) {
        return queue.run(timestamp_of(now),
                         [&](const Punctuation& due) { due.punctuator(timestamp_of(now)); });
    }

    NamedNode node{"node"};
    PunctuationQueue queue;
    std::vector<std::string> calls;
};

TEST_F(PunctuationQueueTest, CallsWhenDueAndNotBefore) {
    every(10ms, 10);

    EXPECT_FALSE(run(9));
    EXPECT_TRUE(run(10));
    EXPECT_FALSE(run(19));
    EXPECT_TRUE(run(20));
    EXPECT_THAT(calls, ElementsAre("p@10", "p@20"));
}

TEST_F(PunctuationQueueTest, SkipsMissedIntervalsAndStaysOnTheGrid) {
    every(10ms, 10);

    run(10);
    run(23);
    run(57);

    EXPECT_THAT(calls, ElementsAre("p@10", "p@23", "p@57"));
    EXPECT_EQ(queue.next(), timestamp_of(60));
}

TEST_F(PunctuationQueueTest, CallsSeveralInTheOrderTheyAreDue) {
    every(10ms, 30, "late");
    every(10ms, 10, "early");

    run(40);

    EXPECT_THAT(calls, ElementsAre("early@40", "late@40"));
}

TEST_F(PunctuationQueueTest, DoesNotCallCancelledOnes) {
    Cancellable punctuation = every(10ms, 10);
    punctuation.cancel();

    EXPECT_FALSE(run(100));
    EXPECT_THAT(calls, IsEmpty());
    EXPECT_EQ(queue.next(), std::nullopt);
}

TEST_F(PunctuationQueueTest, APunctuatorMayCancelItself) {
    Cancellable punctuation;
    int count = 0;
    punctuation = queue.schedule(node, 1ms, timestamp_of(0), [&](Timestamp) {
        if (++count == 2) {
            punctuation.cancel();
        }
    });

    run(1);
    run(2);
    run(3);

    EXPECT_EQ(count, 2);
}

TEST_F(PunctuationQueueTest, APunctuatorMayScheduleAnother) {
    queue.schedule(node, 1000ms, timestamp_of(0), [&](Timestamp) { every(10ms, 5, "inner"); });

    run(20);

    EXPECT_THAT(calls, ElementsAre("inner@20"));
}

}  // namespace
}  // namespace millrace::runtime
