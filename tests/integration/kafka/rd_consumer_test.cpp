// SPDX-License-Identifier: Apache-2.0
#include "integration/kafka/partition_reader.hpp"

#include <sys/resource.h>

#include <chrono>
#include <set>
#include <thread>

namespace millrace::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::Optional;
using ::testing::SizeIs;

TEST(RdConsumer, LosesNoRecordOfAPartitionThatIsNotReadForAWhile) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "held", 2);
    std::vector<std::string> values;
    for (int i = 0; i < 5000; ++i) {
        values.push_back(std::to_string(i));
    }
    send_values(*clients, {topic, 0}, values);
    send_values(*clients, {topic, 1}, values);
    Reader reader(*clients, topic, 2, {{"queued.min.messages", "100"}});

    const auto other = read_records(*reader.consumer, {topic, 1}, values.size());
    const auto held = read_records(*reader.consumer, {topic, 0}, values.size());

    EXPECT_THAT(other, SizeIs(values.size()));
    ASSERT_THAT(held, SizeIs(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
        ASSERT_EQ(held[i].value, values[i]);
        ASSERT_EQ(held[i].offset, static_cast<Offset>(i));
    }
}

TEST(RdConsumer, KnowsItsPositionAndLagAtTheEnd) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "lag");
    send_values(*clients, {topic, 0}, {"a", "b", "c"});
    Reader reader(*clients, topic);
    auto* const queue = reader.consumer->queue({topic, 0});
    ASSERT_NE(queue, nullptr);
    EXPECT_EQ(queue->position(), std::nullopt);
    EXPECT_EQ(queue->lag(), std::nullopt);

    ASSERT_THAT(read_records(*reader.consumer, {topic, 0}, 2), SizeIs(2));
    EXPECT_EQ(queue->position(), 2);
    EXPECT_EQ(queue->lag(), 1);

    ASSERT_THAT(read_records(*reader.consumer, {topic, 0}, 1), SizeIs(1));
    EXPECT_EQ(queue->position(), 3);
    EXPECT_EQ(queue->lag(), 0);
}

TEST(RdConsumer, KnowsThatAnEmptyPartitionHasNoLag) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "empty");
    Reader reader(*clients, topic);
    auto& queue = *reader.consumer->queue({topic, 0});
    std::vector<kafka::Message> none;

    EXPECT_TRUE(poll_until({reader.consumer.get()}, [&] {
        queue.read(none, 10);
        return queue.lag().has_value();
    }));

    EXPECT_EQ(queue.position(), 0);
    EXPECT_EQ(queue.lag(), 0);
}

TEST(RdConsumer, ReportsAnOffsetOutOfRangeAndContinuesAfterASeek) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "range");
    send_values(*clients, {topic, 0}, {"a", "b"});
    RecordingConsumerListener listener;
    const auto consumer = clients->make_consumer({}, nullptr);
    const kafka::StartPosition far{{topic, 0}, 1000};
    ASSERT_TRUE(consumer->assign({&far, 1}, listener).ok());
    std::vector<kafka::Message> none;

    ASSERT_TRUE(poll_until({consumer.get()}, [&] {
        consumer->queue({topic, 0})->read(none, 10);
        return !listener.partition_errors.empty();
    }));
    EXPECT_EQ(listener.partition_errors[0].first, (TopicPartition{topic, 0}));
    EXPECT_EQ(listener.partition_errors[0].second.code(), kafka::ErrorCode::kOffsetOutOfRange);

    ASSERT_TRUE(consumer->seek({{topic, 0}, kafka::kFromBeginning}).ok());
    EXPECT_THAT(read_records(*consumer, {topic, 0}, 2), SizeIs(2));
}

TEST(RdConsumer, SeeksBackAndForward) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "seek");
    send_values(*clients, {topic, 0}, {"0", "1", "2", "3"});
    Reader reader(*clients, topic);
    const TopicPartition which{topic, 0};
    ASSERT_THAT(read_records(*reader.consumer, which, 4), SizeIs(4));

    ASSERT_TRUE(reader.consumer->seek({which, 1}).ok());
    EXPECT_THAT(read_records(*reader.consumer, which, 1),
                ElementsAre(Field(&ConsumedRecord::value, Optional(Eq("1")))));
    ASSERT_TRUE(reader.consumer->seek({which, 3}).ok());
    EXPECT_THAT(read_records(*reader.consumer, which, 1),
                ElementsAre(Field(&ConsumedRecord::value, Optional(Eq("3")))));
    ASSERT_TRUE(reader.consumer->seek({which, kafka::kFromEnd}).ok());
    send_values(*clients, which, {"4"});
    EXPECT_THAT(read_records(*reader.consumer, which, 1),
                ElementsAre(Field(&ConsumedRecord::value, Optional(Eq("4")))));
}

TEST(RdConsumer, KnowsThatItIsAtTheEndAfterASeekToItAndAfterANewAssignment) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "end");
    send_values(*clients, {topic, 0}, {"0", "1"});
    Reader reader(*clients, topic);
    const TopicPartition which{topic, 0};
    std::vector<kafka::Message> messages;
    const auto reaches_the_end = [&] {
        return poll_until({reader.consumer.get()}, [&] {
            reader.consumer->queue(which)->read(messages, 10);
            return reader.consumer->queue(which)->lag() == 0;
        });
    };
    ASSERT_TRUE(reaches_the_end());

    ASSERT_TRUE(reader.consumer->seek({which, 2}).ok());
    EXPECT_EQ(reader.consumer->queue(which)->position(), std::nullopt);
    EXPECT_TRUE(reaches_the_end());
    messages.clear();
    ASSERT_TRUE(reader.consumer->unassign({&which, 1}).ok());
    const kafka::StartPosition at_end{which, 2};
    ASSERT_TRUE(reader.consumer->assign({&at_end, 1}, reader.listener).ok());
    EXPECT_TRUE(reaches_the_end());
    EXPECT_EQ(reader.consumer->queue(which)->position(), 2);
    EXPECT_THAT(messages, SizeIs(0));
}

TEST(RdConsumer, UsesAlmostNoCpuWhileThereIsNothingToRead) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "idle", 4);
    Reader reader(*clients, topic, 4);
    std::vector<kafka::Message> none;
    ASSERT_TRUE(poll_until({reader.consumer.get()}, [&] {
        bool all = true;
        for (Partition p = 0; p < 4; ++p) {
            reader.consumer->queue({topic, p})->read(none, 10);
            all = all && reader.consumer->queue({topic, p})->lag() == 0;
        }
        return all;
    }));

    // The whole process, including librdkafka's threads.
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_SELF, &before);
    const auto begin = steady_clock::now();
    while (steady_clock::now() - begin < milliseconds(3000)) {
        reader.consumer->poll(milliseconds(100));
    }
    getrusage(RUSAGE_SELF, &after);
    const auto micros = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
    const auto used = micros(after.ru_utime) + micros(after.ru_stime) - micros(before.ru_utime) -
                      micros(before.ru_stime);
    RecordProperty("microseconds_per_second", static_cast<int>(used / 3));
    EXPECT_LT(used, 3 * 20'000) << "more than 2 % of a core, sanitizers and debug build included";
}

TEST(RdConsumer, ReadsNothingMoreOfAnUnassignedPartition) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "unassign", 2);
    send_values(*clients, {topic, 0}, {"a"});
    send_values(*clients, {topic, 1}, {"b"});
    Reader reader(*clients, topic, 2);
    ASSERT_THAT(read_records(*reader.consumer, {topic, 0}, 1), SizeIs(1));

    const TopicPartition gone{topic, 0};
    ASSERT_TRUE(reader.consumer->unassign({&gone, 1}).ok());

    EXPECT_EQ(reader.consumer->queue(gone), nullptr);
    EXPECT_THAT(read_records(*reader.consumer, {topic, 1}, 1), SizeIs(1));
    const kafka::StartPosition again{gone, 0};
    ASSERT_TRUE(reader.consumer->assign({&again, 1}, reader.listener).ok());
    EXPECT_THAT(read_records(*reader.consumer, gone, 1), SizeIs(1));
}

TEST(RdConsumer, IsWokenFromAnotherThread) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "wake");
    Reader reader(*clients, topic);
    std::vector<kafka::Message> none;
    // Only when the end was reached is there nothing left that could wake up the poll.
    ASSERT_TRUE(poll_until({reader.consumer.get()}, [&] {
        reader.consumer->queue({topic, 0})->read(none, 10);
        return reader.consumer->queue({topic, 0})->lag() == 0;
    }));

    const auto begin = steady_clock::now();
    std::thread waker([&] {
        std::this_thread::sleep_for(milliseconds(100));
        reader.consumer->wake_up();
    });
    reader.consumer->poll(kPatience);
    const auto waited = steady_clock::now() - begin;
    waker.join();

    EXPECT_GE(waited, milliseconds(50));
    EXPECT_LT(waited, kPatience / 2);
}

TEST(RdConsumer, IsWokenByARecord) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "arrival");
    Reader reader(*clients, topic);
    std::vector<kafka::Message> messages;
    auto& queue = *reader.consumer->queue({topic, 0});
    ASSERT_TRUE(poll_until({reader.consumer.get()}, [&] {
        queue.read(messages, 10);
        return queue.lag() == 0;
    }));

    std::thread sender([&] {
        std::this_thread::sleep_for(milliseconds(100));
        send_values(*clients, {topic, 0}, {"x"});
    });
    const auto begin = steady_clock::now();
    reader.consumer->poll(kPatience);
    const auto waited = steady_clock::now() - begin;
    queue.read(messages, 10);
    sender.join();

    EXPECT_LT(waited, kPatience / 2);
    EXPECT_THAT(messages, SizeIs(1));
}

TEST(RdConsumer, NeitherWaitsNorSpinsOnUnreadRecords) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "pressure");
    send_values(*clients, {topic, 0}, std::vector<std::string>(2000, "v"));
    Reader reader(*clients, topic, 1);
    auto& queue = *reader.consumer->queue({topic, 0});
    std::vector<kafka::Message> messages;
    ASSERT_TRUE(
        poll_until({reader.consumer.get()}, [&] { return queue.read(messages, 10) == 10; }));

    // More records are available: the poll after a partial read does not wait.
    const auto begin = steady_clock::now();
    reader.consumer->poll(milliseconds(2000));
    EXPECT_LT(steady_clock::now() - begin, milliseconds(1000));

    // Nothing reads the queue: polls wait and use almost no CPU time.
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_THREAD, &before);
    for (int i = 0; i < 5; ++i) {
        reader.consumer->poll(milliseconds(100));
    }
    getrusage(RUSAGE_THREAD, &after);
    const auto used = milliseconds((after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000 +
                                   (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1000);
    EXPECT_GE(steady_clock::now() - begin, milliseconds(300));
    EXPECT_LT(used, milliseconds(50));

    // And all records are still there.
    std::set<Offset> offsets;
    ASSERT_TRUE(poll_until({reader.consumer.get()}, [&] {
        queue.read(messages, 500);
        return messages.size() >= 2000;
    }));
    for (const auto& message : messages) {
        offsets.insert(message.offset());
    }
    EXPECT_EQ(offsets.size(), 2000U);
}

TEST(RdConsumer, MayBeClosedBeforeItsMessagesAreDestroyed) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "alive");
    send_values(*clients, {topic, 0}, {"a", "b"});
    auto reader = std::make_unique<Reader>(*clients, topic);
    std::vector<kafka::Message> messages;
    ASSERT_TRUE(poll_until({reader->consumer.get()}, [&] {
        reader->consumer->queue({topic, 0})->read(messages, 10);
        return messages.size() == 2;
    }));

    reader->consumer->close(kPatience);
    EXPECT_THAT(messages[0].value(), Optional(Eq("a")));
    messages.clear();

    const auto begin = steady_clock::now();
    reader.reset();
    EXPECT_LT(steady_clock::now() - begin, milliseconds(5000));
}

}  // namespace
}  // namespace millrace::testing
