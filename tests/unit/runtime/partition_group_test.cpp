// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/partition_group.hpp"
#include "support/fake_source_input.hpp"
#include "support/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

Timestamp at(std::chrono::milliseconds time) {
    return Timestamp(time);
}

class PartitionGroupTest : public ::testing::Test {
  protected:
    void make(std::size_t inputs, std::chrono::milliseconds max_idle = 0ms) {
        group.emplace(max_idle);
        for (std::size_t i = 0; i < inputs; ++i) {
            const std::size_t input = group->add(std::make_unique<RecordQueue>(
                TopicPartition{"t" + std::to_string(i), 0},
                std::make_unique<support::FakeSourceInput>(), listener));
            sources.push_back(std::make_unique<support::FakePartitionQueue>(stock));
            group->set_source(input, sources.back().get());
        }
    }

    /// Buffers one record.
    void push(std::size_t input, std::string value, std::chrono::milliseconds time) {
        sources[input]->add(
            {.value = std::move(value), .timestamp = Timestamp(time), .offset = next_offset++});
        group->fetch(1000);
    }

    std::string pop() {
        std::string value(*group->front().head().value());
        group->pop();
        return value;
    }

    std::vector<std::string> pop_all() {
        std::vector<std::string> values;
        while (group->size() != 0) {
            values.push_back(pop());
        }
        return values;
    }

    support::MessageStock stock;
    support::FakeBadRecordListener listener;
    std::vector<std::unique_ptr<support::FakePartitionQueue>> sources;
    std::optional<PartitionGroup> group;
    Offset next_offset = 0;
};

TEST_F(PartitionGroupTest, TakesTheSmallestTimeAcrossPartitions) {
    make(2);
    push(0, "a", 10ms);
    push(1, "b", 5ms);
    push(0, "c", 20ms);
    push(1, "d", 15ms);

    EXPECT_THAT(pop_all(), ElementsAre("b", "a", "d", "c"));
}

TEST_F(PartitionGroupTest, TakesEqualTimesOfTwoPartitionsInTurn) {
    make(2);
    push(1, "b1", 5ms);
    push(0, "a1", 5ms);
    push(1, "b2", 5ms);
    push(0, "a2", 5ms);

    EXPECT_THAT(pop_all(), ElementsAre("b1", "a1", "b2", "a2"));
}

// The behaviour of java.util.PriorityQueue: after "a" is polled, the last entry moves to the root.
TEST_F(PartitionGroupTest, TakesEqualTimesOfThreePartitionsInHeapOrder) {
    make(3);
    push(0, "a", 5ms);
    push(1, "b", 5ms);
    push(2, "c", 5ms);

    EXPECT_THAT(pop_all(), ElementsAre("a", "c", "b"));
}

TEST_F(PartitionGroupTest, IsReadyWhenEveryPartitionHasARecord) {
    make(2, 100ms);
    sources[1]->known_lag.reset();
    push(0, "a", 1ms);
    EXPECT_FALSE(group->ready(at(0ms)));

    push(1, "b", 2ms);
    EXPECT_TRUE(group->ready(at(0ms)));
}

TEST_F(PartitionGroupTest, IsNeverReadyWithoutRecords) {
    make(1);
    EXPECT_FALSE(group->ready(at(1h)));
}

TEST_F(PartitionGroupTest, WaitsWhileTheLagOfAnEmptyPartitionIsUnknownOrNotZero) {
    make(2);
    push(0, "a", 1ms);

    sources[1]->known_lag.reset();
    EXPECT_FALSE(group->ready(at(1h)));
    sources[1]->known_lag = 3;
    EXPECT_FALSE(group->ready(at(2h)));
    sources[1]->known_lag = 0;
    EXPECT_TRUE(group->ready(at(2h)));
}

TEST_F(PartitionGroupTest, WaitsForADrainedPartitionForMaxIdle) {
    make(2, 100ms);
    push(0, "a", 1ms);

    EXPECT_FALSE(group->ready(at(1h)));
    EXPECT_FALSE(group->ready(at(1h + 99ms)));
    EXPECT_TRUE(group->ready(at(1h + 100ms)));
}

TEST_F(PartitionGroupTest, RestartsTheWaitWhenThereWasMoreOnTheBroker) {
    make(2, 100ms);
    push(0, "a", 1ms);
    EXPECT_FALSE(group->ready(at(0ms)));

    sources[1]->known_lag = 1;
    EXPECT_FALSE(group->ready(at(90ms)));
    sources[1]->known_lag = 0;
    EXPECT_FALSE(group->ready(at(100ms)));
    EXPECT_TRUE(group->ready(at(200ms)));
}

TEST_F(PartitionGroupTest, RestartsTheWaitAfterARecordArrived) {
    make(2, 100ms);
    push(0, "a", 1ms);
    EXPECT_FALSE(group->ready(at(0ms)));

    push(1, "b", 0ms);
    EXPECT_EQ(pop(), "b");
    EXPECT_FALSE(group->ready(at(120ms)));
    EXPECT_TRUE(group->ready(at(220ms)));
}

TEST_F(PartitionGroupTest, AClockThatIsSetBackDoesNotProlongTheWait) {
    make(2, 10ms);
    sources[1]->known_lag = 0;
    push(0, "a", 1ms);
    EXPECT_FALSE(group->ready(at(3'600'000ms)));

    EXPECT_FALSE(group->ready(at(0ms)));
    EXPECT_TRUE(group->ready(at(10ms)));
}

TEST_F(PartitionGroupTest, NeverWaitsWithANegativeMaxIdle) {
    make(2, -1ms);
    sources[1]->known_lag = 7;
    push(0, "a", 1ms);

    EXPECT_TRUE(group->ready(at(0ms)));
}

TEST_F(PartitionGroupTest, DoesNotReadAPartitionWithEnoughRecords) {
    make(1);
    for (int i = 0; i < 10; ++i) {
        sources[0]->add({.value = "v", .offset = i});
    }

    EXPECT_EQ(group->fetch(4), 4U);
    EXPECT_EQ(group->fetch(4), 0U);
    pop();
    EXPECT_EQ(group->fetch(4), 0U) << "still more than half full";
    pop();
    EXPECT_EQ(group->fetch(4), 2U);
    EXPECT_EQ(group->size(), 4U);
    EXPECT_EQ(sources[0]->waiting(), 4U);
}

TEST_F(PartitionGroupTest, CountsRecordsThatAreSkippedAfterTheHead) {
    make(1);
    push(0, "a", 1ms);
    push(0, "unreadable", 2ms);
    push(0, "c", 3ms);
    EXPECT_EQ(group->size(), 3U);

    EXPECT_EQ(pop(), "a");
    EXPECT_EQ(group->size(), 1U);
    EXPECT_EQ(pop(), "c");
    EXPECT_EQ(group->size(), 0U);
}

TEST_F(PartitionGroupTest, FreesEverythingWhenCleared) {
    make(2);
    push(0, "a", 1ms);
    push(1, "b", 1ms);

    group->clear();

    EXPECT_EQ(stock.alive(), 0);
    EXPECT_EQ(group->size(), 0U);
    EXPECT_FALSE(group->ready(at(1h)));
}

}  // namespace
}  // namespace millrace::runtime
