// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace millrace::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// A group member with the test assignor.
struct Member {
    Member(kafka::ClientSupplier& clients, const std::string& group, const std::string& tells,
           const kafka::ClientSettings& more = {})
        : assignor(std::make_shared<ToyAssignor>(tells)) {
        kafka::ClientSettings settings = more;
        settings.insert({{"group.id", group},
                         {"client.id", tells},
                         {"session.timeout.ms", "6000"},
                         {"heartbeat.interval.ms", "200"}});
        consumer = clients.make_consumer(settings, assignor);
    }

    void subscribe(const std::string& topic) {
        const kafka::Status status = consumer->subscribe({.topics = {topic}}, listener);
        ASSERT_TRUE(status.ok()) << status.message();
    }

    RecordingConsumerListener listener;
    std::shared_ptr<ToyAssignor> assignor;
    std::unique_ptr<kafka::Consumer> consumer;
};

std::vector<TopicPartition> partitions_of(const std::string& topic, Partition count) {
    std::vector<TopicPartition> all;
    for (Partition p = 0; p < count; ++p) {
        all.push_back({topic, p});
    }
    return all;
}

TEST(RdGroup, AssignsEverythingToASoleMemberWithItsUserData) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "sole", 3);
    Member member(*clients, unique_name("group"), "alpha", {{"client.rack", "r1"}});
    member.subscribe(topic);

    ASSERT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.assignments > 0; }));

    EXPECT_THAT(member.listener.owned,
                ::testing::UnorderedElementsAreArray(partitions_of(topic, 3)));
    EXPECT_EQ(member.assignor->told(), "for alpha");
    EXPECT_THAT(member.assignor->topics_seen(), ElementsAre(::testing::Pair(topic, 3)));
    const auto group = member.consumer->group_metadata();
    EXPECT_TRUE(group.valid());
    EXPECT_THAT(member.assignor->members_seen(),
                ElementsAre(AllOf(Field(&kafka::GroupMember::member_id, group.member_id),
                                  Field(&kafka::GroupMember::topics, ElementsAre(topic)),
                                  Field(&kafka::GroupMember::owned, IsEmpty()),
                                  Field(&kafka::GroupMember::generation, -1),
                                  Field(&kafka::GroupMember::rack_id, "r1"),
                                  Field(&kafka::GroupMember::user_data, "alpha"))));
    member.consumer->close(kPatience);
    EXPECT_THAT(member.listener.owned, IsEmpty());
    EXPECT_EQ(member.listener.revocations, 1);
}

TEST(RdGroup, MovesPartitionsWithoutTwoMembersOwningOne) {
    constexpr Partition kPartitions = 4;
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "handover", kPartitions);
    const std::string group = unique_name("group");
    Member first(*clients, group, "first");
    Member second(*clients, group, "second");
    bool both_owned_one = false;
    const auto check = [&] {
        for (const auto& which : first.listener.owned) {
            both_owned_one |=
                std::count(second.listener.owned.begin(), second.listener.owned.end(), which) > 0;
        }
        both_owned_one |= first.listener.owned.size() + second.listener.owned.size() > kPartitions;
    };
    first.subscribe(topic);
    ASSERT_TRUE(poll_until({first.consumer.get()},
                           [&] { return first.listener.owned.size() == kPartitions; }));
    const auto generation = first.consumer->group_metadata().generation;

    second.subscribe(topic);
    ASSERT_TRUE(poll_until({first.consumer.get(), second.consumer.get()}, [&] {
        check();
        return first.listener.owned.size() == 2 && second.listener.owned.size() == 2;
    }));

    EXPECT_FALSE(both_owned_one);
    EXPECT_EQ(first.listener.revocations, 1);
    EXPECT_THAT(first.listener.lost, IsEmpty());
    std::vector<TopicPartition> all = first.listener.owned;
    all.insert(all.end(), second.listener.owned.begin(), second.listener.owned.end());
    EXPECT_THAT(all, ::testing::UnorderedElementsAreArray(partitions_of(topic, kPartitions)));
    EXPECT_EQ(second.assignor->told(), "for second");
    // The generation of the owned partitions, and the partitions, as the leader received them.
    const auto& leader = first.assignor->members_seen().size() == 2 ? first : second;
    EXPECT_THAT(leader.assignor->members_seen(),
                Contains(AllOf(Field(&kafka::GroupMember::user_data, "first"),
                               Field(&kafka::GroupMember::owned, SizeIs(2)),
                               Field(&kafka::GroupMember::generation, ::testing::Ge(generation)))));

    // And back again when one leaves.
    second.consumer->close(kPatience);
    EXPECT_TRUE(poll_until({first.consumer.get()},
                           [&] { return first.listener.owned.size() == kPartitions; }));
}

TEST(RdGroup, ContinuesWithoutGapOrRepetitionThroughARebalance) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "through", 2);
    std::vector<std::string> values;
    for (int i = 0; i < 3000; ++i) {
        values.push_back(std::to_string(i));
    }
    send_values(*clients, {topic, 0}, values);
    const std::string group = unique_name("group");
    Member first(*clients, group, "first");
    first.subscribe(topic);
    std::vector<kafka::Message> messages;
    std::map<TopicPartition, std::vector<Offset>> offsets;
    const auto read_some = [&](Member& member, const TopicPartition& which, std::size_t max) {
        if (auto* queue = member.consumer->queue(which)) {
            queue->read(messages, max);
        }
        for (const auto& message : messages) {
            offsets[which].push_back(message.offset());
        }
        messages.clear();
    };
    ASSERT_TRUE(poll_until({first.consumer.get()}, [&] {
        read_some(first, {topic, 0}, 10);
        return offsets[{topic, 0}].size() >= 100;
    }));

    // The member that keeps partition 0 continues with it. The assignment is by member id, so the
    // member is not known in advance.
    Member second(*clients, group, "second");
    first.listener.before_revoked = [&](const auto& partitions) {
        for (const auto& which : partitions) {
            second.listener.start[which] = static_cast<Offset>(offsets[which].size());
        }
    };
    second.subscribe(topic);
    EXPECT_TRUE(poll_until({first.consumer.get(), second.consumer.get()}, [&] {
        read_some(first, {topic, 0}, 40);
        read_some(second, {topic, 0}, 40);
        return offsets[{topic, 0}].size() >= values.size() && second.listener.owned.size() == 1;
    }));

    const auto& read = offsets[{topic, 0}];
    ASSERT_THAT(read, SizeIs(values.size()));
    for (std::size_t i = 0; i < read.size(); ++i) {
        ASSERT_EQ(read[i], static_cast<Offset>(i));
    }
}

TEST(RdGroup, CommitsOffsetsWithMetadataAndReadsThemBack) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "commit", 2);
    Member member(*clients, unique_name("group"), "committer");
    member.subscribe(topic);
    ASSERT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.owned.size() == 2; }));

    const kafka::OffsetCommit commit{{topic, 1}, 42, 0, "partition time"};
    const kafka::Status status = member.consumer->commit({&commit, 1}, kPatience);
    ASSERT_TRUE(status.ok()) << status.message();

    const auto committed = member.consumer->committed(partitions_of(topic, 2), kPatience);
    ASSERT_TRUE(committed.ok()) << committed.status().message();
    EXPECT_THAT(committed.value(),
                ElementsAre(Field(&kafka::CommittedOffset::offset, Eq(std::nullopt)),
                            AllOf(Field(&kafka::CommittedOffset::offset, Optional(Offset{42})),
                                  Field(&kafka::CommittedOffset::leader_epoch, 0),
                                  Field(&kafka::CommittedOffset::metadata, "partition time"))));
}

TEST(RdGroup, CommitsFromWithinARevocation) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "last", 1);
    const std::string group = unique_name("group");
    Member member(*clients, group, "committer");
    kafka::Status committed(kafka::ErrorCode::kOther, "not called");
    member.listener.before_revoked = [&](const auto&) {
        const kafka::OffsetCommit commit{{topic, 0}, 7, -1, "bye"};
        committed = member.consumer->commit({&commit, 1}, kPatience);
    };
    member.subscribe(topic);
    ASSERT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.owned.size() == 1; }));

    member.consumer->close(kPatience);

    EXPECT_TRUE(committed.ok()) << committed.message();
    const TopicPartition first{topic, 0};
    const auto offsets = clients->make_admin({})->group_offsets(group, {&first, 1}, kPatience);
    ASSERT_TRUE(offsets.ok()) << offsets.status().message();
    EXPECT_THAT(offsets.value(),
                ElementsAre(::testing::Pair(
                    TopicPartition{topic, 0},
                    AllOf(Field(&kafka::CommittedOffset::offset, Optional(Offset{7})),
                          Field(&kafka::CommittedOffset::metadata, "bye")))));
}

TEST(RdGroup, RebalancesOnRequestOfAnyMember) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "request", 2);
    const std::string group = unique_name("group");
    Member first(*clients, group, "first");
    Member second(*clients, group, "second");
    const std::vector<kafka::Consumer*> both{first.consumer.get(), second.consumer.get()};
    first.subscribe(topic);
    second.subscribe(topic);
    ASSERT_TRUE(poll_until(both, [&] {
        return first.listener.owned.size() == 1 && second.listener.owned.size() == 1;
    }));

    const int revocations = first.listener.revocations + second.listener.revocations;
    for (Member* member : {&first, &second}) {
        const int first_before = first.assignor->rounds();
        const int second_before = second.assignor->rounds();
        EXPECT_TRUE(member->consumer->request_rebalance().ok());
        EXPECT_TRUE(poll_until(both, [&] {
            return first.assignor->rounds() > first_before &&
                   second.assignor->rounds() > second_before;
        }));
    }
    EXPECT_EQ(first.listener.revocations + second.listener.revocations, revocations);
    EXPECT_THAT(first.listener.owned, SizeIs(1));
    EXPECT_THAT(second.listener.owned, SizeIs(1));
}

TEST(RdGroup, RebalancesOnARequestMadeWhileBeingAssigned) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "again", 1);
    struct Listener : RecordingConsumerListener {
        std::vector<kafka::StartPosition> on_assigned(
            const std::vector<TopicPartition>& partitions) override {
            if (assignments == 0) {
                EXPECT_TRUE(consumer->request_rebalance().ok());
            }
            return RecordingConsumerListener::on_assigned(partitions);
        }
        kafka::Consumer* consumer = nullptr;
    };
    Listener listener;
    const auto assignor = std::make_shared<ToyAssignor>("x");
    const auto consumer = clients->make_consumer({{"group.id", unique_name("group")}}, assignor);
    listener.consumer = consumer.get();
    ASSERT_TRUE(consumer->subscribe({.topics = {topic}}, listener).ok());

    EXPECT_TRUE(poll_until({consumer.get()}, [&] { return assignor->rounds() >= 2; }));
}

TEST(RdGroup, MayBeDestroyedWhileARebalanceWaitsForItsPoll) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "abandoned", 1);
    Member member(*clients, unique_name("group"), "abandoned");
    member.subscribe(topic);
    ASSERT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.owned.size() == 1; }));
    const int before = member.assignor->rounds();
    ASSERT_TRUE(member.consumer->request_rebalance().ok());
    // Not polled: the client's thread knows the new assignment, but the consumer has not applied
    // it.
    ASSERT_TRUE(poll_until({}, [&] { return member.assignor->rounds() > before; }));

    const auto begin = steady_clock::now();
    member.consumer.reset();

    EXPECT_LT(steady_clock::now() - begin, milliseconds(5000));
}

// The client's thread may terminate the group between any two steps of the destruction. If the
// destructor then waited for a response, it would wait forever, and so would the test.
TEST(RdGroup, MayBeDestroyedWhileItsGroupEnds) {
    constexpr int kThreads = 8;
    constexpr int kTimes = 500;
    const auto clients = real_clients();
    const auto one_after_another = [&](int thread) {
        for (int i = 0; i < kTimes; ++i) {
            Member member(*clients, "nobody", "brief-" + std::to_string(thread));
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back(one_after_another, i);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(RdGroup, ReportsLostPartitionsAfterNotPolling) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "slow", 1);
    Member member(*clients, unique_name("group"), "slow", {{"max.poll.interval.ms", "6000"}});
    member.subscribe(topic);
    ASSERT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.owned.size() == 1; }));

    std::this_thread::sleep_for(milliseconds(7500));
    EXPECT_TRUE(member.consumer->assignment_lost());
    EXPECT_FALSE(member.consumer->group_metadata().valid());
    ASSERT_TRUE(poll_until({member.consumer.get()}, [&] { return !member.listener.lost.empty(); }));

    EXPECT_EQ(member.listener.revocations, 0);
    EXPECT_THAT(
        member.listener.errors,
        Contains(::testing::Property(&kafka::Status::code, kafka::ErrorCode::kMaxPollExceeded)));
    // And rejoins.
    EXPECT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.owned.size() == 1; }));
}

TEST(RdGroup, FollowsAPattern) {
    const auto clients = real_clients();
    const std::string prefix = unique_name("pattern");
    const auto admin = clients->make_admin({});
    for (const auto* suffix : {"-a", "-b", "-b-more"}) {
        const kafka::NewTopic topic{.name = prefix + suffix};
        ASSERT_TRUE(admin->create_topics({&topic, 1}, kPatience).ok());
    }
    Member member(*clients, unique_name("group"), "reader");
    ASSERT_TRUE(
        member.consumer->subscribe({.topics = {}, .pattern = prefix + "-(a|b)"}, member.listener)
            .ok());

    ASSERT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.assignments > 0; }));

    EXPECT_THAT(member.listener.owned, UnorderedElementsAre(TopicPartition{prefix + "-a", 0},
                                                            TopicPartition{prefix + "-b", 0}));
}

TEST(RdGroup, RethrowsTheExceptionOfAListener) {
    const auto clients = real_clients();
    const std::string topic = make_topic(*clients, "throws", 1);
    struct Listener : RecordingConsumerListener {
        std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
            throw std::runtime_error("broken");
        }
    };
    Listener listener;
    const auto consumer = clients->make_consumer({{"group.id", unique_name("group")}},
                                                 std::make_shared<ToyAssignor>("x"));
    ASSERT_TRUE(consumer->subscribe({.topics = {topic}}, listener).ok());

    EXPECT_THROW(poll_until({consumer.get()}, [] { return false; }), std::runtime_error);
    consumer->close(milliseconds(5000));
}

TEST(RdGroup, ClosesInTimeWhenItsBrokerIsDown) {
    KafkaBroker broker;
    const auto supplier = clients_of(broker);
    const std::string topic = make_topic(*supplier, "gone", 1);
    Member member(*supplier, unique_name("group"), "left alone");
    member.subscribe(topic);
    ASSERT_TRUE(
        poll_until({member.consumer.get()}, [&] { return member.listener.owned.size() == 1; }));

    broker.kill9();
    const auto begin = steady_clock::now();
    member.consumer->close(milliseconds(1000));
    member.consumer.reset();

    EXPECT_LT(steady_clock::now() - begin, milliseconds(5000));
    EXPECT_THAT(member.listener.owned, IsEmpty());
}

}  // namespace
}  // namespace millrace::testing
