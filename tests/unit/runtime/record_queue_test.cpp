// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/record_queue.hpp"
#include "support/fake_source_input.hpp"
#include "support/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

using support::MessageSpec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RecordQueueTest : public ::testing::Test {
  protected:
    RecordQueueTest() {
        auto owned = std::make_unique<support::FakeSourceInput>();
        input = owned.get();
        queue = std::make_unique<RecordQueue>(TopicPartition{"t", 0}, std::move(owned), listener);
    }

    void push(std::vector<MessageSpec> specs) {
        auto& tail = queue->tail();
        for (MessageSpec& spec : specs) {
            tail.push_back(stock.make(std::move(spec)));
        }
        queue->appended();
    }

    static MessageSpec at(Offset offset, std::int64_t time, std::string value = "v") {
        return {.value = std::move(value), .timestamp = timestamp_of(time), .offset = offset};
    }

    support::MessageStock stock;
    support::FakeBadRecordListener listener;
    support::FakeSourceInput* input = nullptr;
    std::unique_ptr<RecordQueue> queue;
};

TEST_F(RecordQueueTest, KeepsOffsetOrderEvenWhenTimesDecrease) {
    push({at(0, 50), at(1, 1)});

    EXPECT_EQ(queue->head().offset(), 0);
    EXPECT_EQ(queue->head_time(), timestamp_of(50));
    queue->pop();
    EXPECT_EQ(queue->head().offset(), 1);
    EXPECT_EQ(queue->head_time(), timestamp_of(1));
}

TEST_F(RecordQueueTest, PartitionTimeIsTheLargestProcessedNotBuffered) {
    push({at(0, 50), at(1, 70), at(2, 10)});

    EXPECT_EQ(queue->partition_time(), kNoTimestamp);
    queue->pop();
    EXPECT_EQ(queue->partition_time(), timestamp_of(50));
    EXPECT_EQ(input->last_partition_time, timestamp_of(50));
    queue->pop();
    queue->pop();
    EXPECT_EQ(queue->partition_time(), timestamp_of(70));
}

TEST_F(RecordQueueTest, SkipsUnreadableRecordsOnlyWhenTheyBecomeHead) {
    push({at(0, 1), at(1, 2, "unreadable"), at(2, 3)});
    EXPECT_THAT(listener.unreadable, IsEmpty());

    queue->pop();

    EXPECT_THAT(listener.unreadable, ElementsAre(1));
    EXPECT_EQ(queue->head().offset(), 2);
    EXPECT_EQ(queue->size(), 1U);
}

TEST_F(RecordQueueTest, RepresentsUnreadableRecordsAtTheEndByAHeadWithoutTime) {
    push({at(7, 1, "unreadable"), at(8, 2, "unreadable")});

    ASSERT_FALSE(queue->empty());
    EXPECT_TRUE(queue->head_is_placeholder());
    EXPECT_EQ(queue->head_time(), kNoTimestamp);
    EXPECT_EQ(queue->size(), 1U);
    EXPECT_EQ(queue->next_offset(), 9);

    queue->pop();
    EXPECT_TRUE(queue->empty());
    EXPECT_EQ(queue->partition_time(), kNoTimestamp);
}

TEST_F(RecordQueueTest, DropsNegativeTimesButPassesTheirOffsets) {
    push({at(3, -5), at(4, -1)});

    EXPECT_TRUE(queue->empty());
    EXPECT_THAT(listener.negative, ElementsAre(3, 4));
    EXPECT_EQ(queue->next_offset(), 5);
}

TEST_F(RecordQueueTest, KeepsARecordForWhichTheListenerFails) {
    listener.fail = true;

    EXPECT_THROW(push({at(3, 1, "unreadable")}), SerdeError);
    EXPECT_EQ(queue->next_offset(), 3);
    EXPECT_FALSE(queue->advanced());
}

TEST_F(RecordQueueTest, NextOffsetIsThatOfTheHeadThenAfterTheLast) {
    EXPECT_EQ(queue->next_offset(), std::nullopt);
    push({at(10, 1), at(14, 2)});

    EXPECT_EQ(queue->next_offset(), 10);
    queue->pop();
    EXPECT_EQ(queue->next_offset(), 14);
    queue->pop();
    EXPECT_EQ(queue->next_offset(), 15);
}

TEST_F(RecordQueueTest, KeepsItsPositionWhenItsMessagesAreDropped) {
    push({{.timestamp = timestamp_of(1), .offset = 10, .leader_epoch = 4},
          {.timestamp = timestamp_of(2), .offset = 14, .leader_epoch = 5}});
    queue->pop();
    queue->pop();

    push({});

    EXPECT_TRUE(queue->empty());
    EXPECT_TRUE(queue->advanced());
    EXPECT_EQ(queue->next_offset(), 15);
    EXPECT_EQ(queue->next_leader_epoch(), 5);
    queue->clear();
    EXPECT_FALSE(queue->advanced());
    EXPECT_EQ(queue->next_offset(), std::nullopt);
}

TEST_F(RecordQueueTest, FreesMessagesWhenProcessedAndWhenCleared) {
    push({at(0, 1), at(1, 2), at(2, 3)});
    EXPECT_EQ(stock.alive(), 3);

    queue->pop();
    EXPECT_EQ(stock.alive(), 2);

    queue->clear();
    EXPECT_EQ(stock.alive(), 0);
    EXPECT_TRUE(queue->empty());
}

TEST_F(RecordQueueTest, AppendsMoreRecords) {
    push({at(0, 1), at(1, 2), at(2, 3)});
    queue->pop();
    queue->pop();
    push({at(3, 4)});

    EXPECT_EQ(queue->size(), 2U);
    EXPECT_EQ(queue->head().offset(), 2);
    queue->pop();
    EXPECT_EQ(queue->head().offset(), 3);
}

TEST_F(RecordQueueTest, ReturnsFetchedMessagesAfterTheHead) {
    push({{.timestamp = timestamp_of(1), .offset = 3},
          {.timestamp = timestamp_of(2), .offset = 4},
          {.timestamp = timestamp_of(3), .offset = 5}});

    ASSERT_NE(queue->behind_head(2), nullptr);
    EXPECT_EQ(queue->behind_head(2)->offset(), 5);
    EXPECT_EQ(queue->behind_head(3), nullptr);
    queue->pop();
    EXPECT_EQ(queue->behind_head(1)->offset(), 5);
    EXPECT_EQ(queue->behind_head(2), nullptr);
}

TEST_F(RecordQueueTest, HeadersAreThoseOfTheHead) {
    push({{.timestamp = timestamp_of(1), .offset = 0, .headers = {{"a", "1"}}},
          {.timestamp = timestamp_of(2), .offset = 1, .headers = {{"b", "2"}}}});

    EXPECT_NE(queue->head_headers().last("a"), nullptr);
    queue->pop();
    EXPECT_EQ(queue->head_headers().last("a"), nullptr);
    EXPECT_NE(queue->head_headers().last("b"), nullptr);
}

}  // namespace
}  // namespace millrace::runtime
