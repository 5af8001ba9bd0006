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

}  // namespace
}  // namespace millrace::runtime
