// SPDX-License-Identifier: Apache-2.0

// Several whole stream threads that run round by round in this one thread, with time that the test
// advances.
#include "millrace/core/error.hpp"
#include "support/driven_threads.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using testing::BrokerFault;
using testing::BrokerOperation;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

using StreamThreadTest = support::DrivenThreads;

TEST_F(StreamThreadTest, RunsOnTheCallingThread) {
    StreamThread& thread = add_thread();
    produce_keys(8);

    run(60);

    EXPECT_EQ(thread.state(), ThreadState::kRunning);
    EXPECT_EQ(processed, 8);
    EXPECT_THAT(table("out"), Each(Pair(::testing::_, "1")));
}

TEST_F(StreamThreadTest, CommitsOnTheIntervalAndNotBefore) {
    add_thread();
    run(60);
    broker.produce("in", {.key = "k", .value = "v", .partition = 0});
    const auto committed = [this] {
        const auto offsets = broker.committed_offsets("app");
        const auto found = offsets.find({"in", 0});
        return found == offsets.end() ? 0 : found->second;
    };

    // For any phase of the interval: the commit happens within ten rounds, and with a second record
    // right after it, not before nine more.
    int turns = 0;
    while (committed() == 0 && turns < 20) {
        run(1);
        ++turns;
    }
    EXPECT_LE(turns, 11);
    broker.produce("in", {.key = "k", .value = "v", .partition = 0});
    run(8);
    EXPECT_EQ(committed(), 1);
    run(4);
    EXPECT_EQ(committed(), 2);
}

TEST_F(StreamThreadTest, ShareTasksWithANewThreadAndTakeThemBack) {
    StreamThread& first = add_thread();
    produce_keys(8);
    run(60);
    StreamThread& second = add_thread();
    run(100);
    EXPECT_EQ(first.metadata().tasks.size(), 2U);
    EXPECT_EQ(second.metadata().tasks.size(), 2U);

    produce_keys(8);
    run(30);
    second.close(1s);
    threads.pop_back();
    run(100);
    produce_keys(8);
    run(30);

    EXPECT_EQ(first.metadata().tasks.size(), 4U);
    EXPECT_EQ(processed, 24) << "nothing twice";
    EXPECT_THAT(table("out"), Each(Pair(::testing::_, "3")));
}

TEST_F(StreamThreadTest, FailsAfterTheTaskTimeoutWhenNothingCanBeCommitted) {
    add_thread();
    run(60);
    for (int i = 0; i < 10'000; ++i) {
        broker.fail_next(BrokerOperation::kCommit, BrokerFault::kNotReady);
    }
    produce_keys(1);

    EXPECT_THAT([this] { run(8'000); },
                ThrowsMessage<KafkaError>(HasSubstr("task.timeout.ms = 60000")));
    EXPECT_GE(clock.now(), timestamp_of(60'000));
}

TEST_F(StreamThreadTest, RetriesWithinTheTaskTimeout) {
    add_thread();
    run(60);
    for (int i = 0; i < 50; ++i) {
        broker.fail_next(BrokerOperation::kCommit, BrokerFault::kNotReady);
    }
    produce_keys(4);

    run(800);

    std::int64_t committed = 0;
    for (const auto& [partition, offset] : broker.committed_offsets("app")) {
        committed += offset;
    }
    EXPECT_EQ(committed, 4);
    EXPECT_EQ(processed, 4);
}

}  // namespace
}  // namespace millrace::runtime
