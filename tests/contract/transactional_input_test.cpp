// SPDX-License-Identifier: Apache-2.0

// Reading a backlog in which transaction markers have offsets, while rebalances, seeks and changes
// of the assignment drop prefetched records: no record is lost or duplicated.
#include "contract/contract.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::testing {
namespace {

using ::testing::Ge;
using ::testing::Le;
using ::testing::Optional;

constexpr int kPerTransaction = 10;

/// Slow enough that the backlog lasts longer than a rebalance.
constexpr std::size_t kPortion = 3;
constexpr std::chrono::milliseconds kPause{5};

class TransactionalInput : public Contract {
  protected:
    /// Writes `transactions` transactions of ten records to the partition, every third of which is
    /// aborted; returns the offsets of the committed ones. The value of offset o is o.
    std::vector<Offset> fill(const std::string& topic, Partition partition, int transactions) {
        const auto producer = make_producer({{"transactional.id", unique("t")}});
        producer->init();
        std::vector<Offset> committed;
        Offset next = 0;
        for (int i = 0; i < transactions; ++i) {
            producer->begin();
            const bool abort = i % 3 == 2;
            for (int j = 0; j < kPerTransaction; ++j, ++next) {
                send(*producer, {topic, partition}, std::to_string(next));
                if (!abort) {
                    committed.push_back(next);
                }
            }
            if (abort) {
                producer->flush();
                producer->abort();
            } else {
                producer->commit();
            }
            ++next;  // The marker.
        }
        await_committed({topic, partition}, next);
        return committed;
    }

    static void send(TestProducer& producer, const TopicPartition& to, const std::string& value) {
        kafka::ProducerRecord record;
        record.topic = producer->topic(to.topic);
        record.partition = to.partition;
        record.value = value;
        require_ok(producer->send(record));
    }

    std::unique_ptr<TestConsumer> make_reader(const std::string& group = {}) {
        kafka::ClientSettings settings{{"isolation.level", "read_committed"}};
        if (group.empty()) {
            return make_consumer(settings);
        }
        settings.insert({{"group.id", group}, {"heartbeat.interval.ms", "100"}});
        return make_consumer(settings, std::make_shared<TestAssignor>());
    }

    /// Polls and reads one portion of each assigned partition; the position is never beyond the
    /// records that were read.
    void read_portions(TestConsumer& consumer) {
        consumer.poll_only(patience());
        for (const auto& partition : consumer.held()) {
            read_portion(consumer, partition);
        }
    }

    std::size_t read_portion(TestConsumer& consumer, const TopicPartition& partition,
                             std::size_t most = kPortion) {
        auto* queue = consumer->queue(partition);
        if (queue == nullptr) {
            return 0;
        }
        std::vector<kafka::Message> messages;
        const std::size_t count = queue->read(messages, most);
        for (const auto& message : messages) {
            EXPECT_EQ(message.record().value(), std::to_string(message.offset()));
            read_[partition].push_back(message.offset());
        }
        if (const auto position = queue->position()) {
            positions_[partition] = *position;
        }
        return count;
    }

    /// Reads two partitions with one permanent member and one that repeatedly joins and leaves;
    /// `do_more` is called for both after each portion.
    void read_while_members_come_and_go(const std::function<void(TestConsumer&)>& do_more) {
        constexpr int kTransactions = 100;
        const auto topic = create_topic(2);
        const std::map<TopicPartition, std::vector<Offset>> committed{
            {{topic, 0}, fill(topic, 0, kTransactions)},
            {{topic, 1}, fill(topic, 1, kTransactions)}};
        const auto group = unique("group");
        const auto join = [&] {
            auto member = make_reader(group);
            member->start_with([&](const TopicPartition& which) { return positions_[which]; });
            member->subscribe(topic);
            return member;
        };
        const auto stays = join();
        std::unique_ptr<TestConsumer> comes;
        std::size_t changed_at = 0;

        eventually("all records", [&] {
            let_pass(kPause);
            read_portions(*stays);
            do_more(*stays);
            const std::size_t read = count_read({topic, 0}) + count_read({topic, 1});
            const bool is_time = read > changed_at + 30;
            if (comes != nullptr) {
                read_portions(*comes);
                do_more(*comes);
            }
            if (is_time && comes == nullptr) {
                comes = join();
                changed_at = read;
            } else if (is_time && !comes->held().empty()) {
                comes.reset();
                changed_at = read;
            }
            return count_read({topic, 0}) >= committed.at({topic, 0}).size() &&
                   count_read({topic, 1}) >= committed.at({topic, 1}).size();
        });

        EXPECT_EQ(read_, committed);
        EXPECT_GE(stays->told().size(), 6);
    }

    std::size_t count_read(const TopicPartition& partition) { return read_[partition].size(); }

    std::map<TopicPartition, std::vector<Offset>> read_;
    std::map<TopicPartition, Offset> positions_;  ///< The offset that would be committed.
};

TEST_P(TransactionalInput, IsReadWithoutGapOrRepetitionWhileMembersJoinAndLeave) {
    read_while_members_come_and_go([](TestConsumer&) {});
}

TEST_P(TransactionalInput, IsReadWithoutGapOrRepetitionWhileMembersJoinLeaveAndSeek) {
    int step = 0;
    read_while_members_come_and_go([&](TestConsumer& consumer) {
        if (++step % 10 == 0) {
            for (const auto& which : consumer.held()) {
                require_ok(consumer->seek({which, positions_[which]}));
            }
        }
    });
}

TEST_P(TransactionalInput, IsReadWithoutGapOrRepetitionWhileOtherPartitionsAreAssignedAndRevoked) {
    const auto topic = create_topic(2);
    const auto committed = fill(topic, 0, 150);
    fill(topic, 1, 3);
    const auto consumer = make_reader();
    consumer->assign({topic, 0});
    const TopicPartition other{topic, 1};
    bool assigned = false;

    int steps = 0;
    eventually("all records", [&] {
        consumer->poll_only(patience());
        if (read_portion(*consumer, {topic, 0}) > 0 && ++steps % 5 == 0) {
            if (assigned) {
                require_ok((*consumer)->unassign({&other, 1}));
            } else {
                const kafka::StartPosition start{other, 0};
                require_ok((*consumer)->assign({&start, 1}, *consumer));
            }
            assigned = !assigned;
        }
        return count_read({topic, 0}) >= committed.size();
    });

    EXPECT_EQ((read_[{topic, 0}]), committed);
}

TEST_P(TransactionalInput, IsReadFromTheOffsetOfASeekDuringABacklog) {
    const auto topic = create_topic();
    const auto committed = fill(topic, 0, 60);
    const auto consumer = make_reader();
    const TopicPartition which{topic, 0};
    consumer->assign(which);
    auto* queue = (*consumer)->queue(which);

    for (const std::size_t from : {300U, 5U, 123U, 60U, 0U}) {
        require_ok((*consumer)->seek({which, committed[from]}));
        read_.clear();
        std::size_t next = from;
        eventually("some records", [&] {
            consumer->poll_only(patience());
            next += read_portion(*consumer, which, 1);
            // Unread records are not counted in the position.
            EXPECT_THAT(queue->position().value_or(-1), Le(committed[next]));
            return next == from + 25;
        });
        const auto begin = committed.begin() + static_cast<std::ptrdiff_t>(from);
        EXPECT_EQ(read_[which], std::vector<Offset>(begin, begin + 25));
        EXPECT_THAT(queue->position(), Optional(Ge(begin[24] + 1)));
    }
}

TEST_P(TransactionalInput, OfAbortedTransactionsOnlyIsSkipped) {
    const auto topic = create_topic();
    const auto producer = make_producer({{"transactional.id", unique("t")}});
    producer->init();
    for (int i = 0; i < 3; ++i) {
        producer->begin();
        producer->send(topic, "k", "aborted");
        producer->flush();
        producer->abort();
    }
    await_committed({topic, 0}, 6);
    const auto consumer = make_reader();
    consumer->assign({topic, 0});

    eventually("the end", [&] {
        read_portions(*consumer);
        return (*consumer)->queue({topic, 0})->lag() == 0;
    });

    EXPECT_EQ(count_read({topic, 0}), 0);
    EXPECT_THAT((*consumer)->queue({topic, 0})->position(), Optional(6));
}

INSTANTIATE_TEST_SUITE_P(Embedded, TransactionalInput, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, TransactionalInput, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
