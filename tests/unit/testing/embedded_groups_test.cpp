// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/test_clients.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <random>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr milliseconds kNoWait{0};

class EmbeddedGroups : public ::testing::Test {
  protected:
    std::unique_ptr<TestConsumer> make_member(const std::string& client_id,
                                              kafka::ClientSettings settings = {}) {
        settings["client.id"] = client_id;
        settings["group.id"] = "g";
        auto member = std::make_unique<TestConsumer>(
            broker.clients()->make_consumer(settings, std::make_shared<TestAssignor>()));
        member->subscribe("t");
        return member;
    }

    static void settle(const std::vector<TestConsumer*>& members) {
        for (int round = 0; round < 20; ++round) {
            for (auto* member : members) {
                member->poll(kNoWait);
            }
        }
    }

    EmbeddedBroker broker{{.time = BrokerTime::kManual}};
};

TEST_F(EmbeddedGroups, AMemberAloneIsAssignedInItsFirstPoll) {
    broker.create_topic("t", 3);
    const auto member = make_member("a");

    member->poll(kNoWait);

    EXPECT_THAT(member->held(), SizeIs(3));
    EXPECT_THAT(broker.members("g"), ElementsAre(Field(&BrokerGroupMember::client_id, "a")));
    EXPECT_EQ(broker.generation("g"), 1);
}

TEST_F(EmbeddedGroups, NewPartitionsTriggerARebalance) {
    broker.create_topic("t", 1);
    const auto member = make_member("a");
    member->poll(kNoWait);

    broker.add_partitions("t", 3);
    member->poll(kNoWait);

    EXPECT_THAT(member->held(), SizeIs(3));
}

TEST_F(EmbeddedGroups, PartitionsOfADeletedTopicAreRevoked) {
    broker.create_topic("t", 2);
    const auto member = make_member("a");
    member->poll(kNoWait);
    const kafka::OffsetCommit commit{{"t", 0}, 1, -1, ""};
    ASSERT_TRUE((*member)->commit({&commit, 1}, kNoWait).ok());

    broker.delete_topic("t");
    settle({member.get()});

    EXPECT_THAT(member->held(), IsEmpty());
    EXPECT_THAT(broker.committed_offsets("g"), IsEmpty());
}

TEST_F(EmbeddedGroups, ADisconnectedMemberKeepsItsPlaceUntilItsSessionExpires) {
    broker.create_topic("t", 2);
    const auto far = make_member("far", {{"session.timeout.ms", "5000"}});
    const auto near = make_member("near");
    settle({far.get(), near.get()});
    const auto stale = (*far)->group_metadata();
    broker.disconnect("far");
    broker.advance(milliseconds(5'000));
    settle({near.get()});
    EXPECT_THAT(near->held(), SizeIs(1));

    broker.advance(milliseconds(1));
    settle({near.get()});
    EXPECT_THAT(near->held(), SizeIs(2));
    EXPECT_THAT(far->held(), SizeIs(1)) << "it cannot know";
    EXPECT_EQ((*far)->group_metadata().member_id, stale.member_id);

    broker.reconnect("far");
    EXPECT_TRUE((*far)->assignment_lost());
    far->poll(kNoWait);
    EXPECT_EQ(far->told().back().first, "lost");
    settle({near.get(), far.get()});
    EXPECT_THAT(far->held(), SizeIs(1));
    EXPECT_NE((*far)->group_metadata().member_id, stale.member_id);
}

TEST_F(EmbeddedGroups, ACrashedMemberIsRemovedAfterItsSession) {
    broker.create_topic("t", 2);
    auto doomed = make_member("doomed", {{"session.timeout.ms", "5000"}});
    const auto other = make_member("other");
    settle({doomed.get(), other.get()});

    broker.disconnect("doomed");
    doomed.reset();
    settle({other.get()});
    EXPECT_THAT(broker.members("g"), SizeIs(2));
    broker.advance(milliseconds(5'001));
    settle({other.get()});

    EXPECT_THAT(broker.members("g"), SizeIs(1));
    EXPECT_THAT(other->held(), SizeIs(2));
}

TEST_F(EmbeddedGroups, AMemberThatEndedWhileItWasDisconnectedDoesNotComeBack) {
    broker.create_topic("t", 2);
    auto doomed = make_member("doomed", {{"session.timeout.ms", "5000"}});
    const auto other = make_member("other");
    settle({doomed.get(), other.get()});

    broker.disconnect("doomed");
    doomed.reset();
    broker.reconnect("doomed");
    broker.advance(milliseconds(5'001));
    settle({other.get()});

    EXPECT_THAT(broker.members("g"), SizeIs(1));
    EXPECT_THAT(other->held(), SizeIs(2));
}

TEST_F(EmbeddedGroups, ARemovedMemberMayNotCommitAndRejoins) {
    broker.create_topic("t", 2);
    const auto member = make_member("a");
    member->poll(kNoWait);
    broker.expire_member("g", broker.members("g")[0].member_id);
    const kafka::OffsetCommit commit{{"t", 0}, 1, -1, ""};

    EXPECT_TRUE((*member)->assignment_lost());
    EXPECT_EQ((*member)->commit({&commit, 1}, kNoWait).code(), ErrorCode::kUnknownMember);
    member->poll(kNoWait);

    EXPECT_EQ(member->told()[1].first, "lost");
    EXPECT_FALSE((*member)->assignment_lost());
    EXPECT_THAT(member->held(), SizeIs(2));
}

TEST_F(EmbeddedGroups, CommitsAreRefusedWhileTheLeaderAssigns) {
    broker.create_topic("t", 2);
    const auto leader = make_member("a");
    const auto follower = make_member("b");
    settle({leader.get(), follower.get()});
    const kafka::OffsetCommit commit{{"t", 1}, 1, -1, ""};
    ASSERT_TRUE((*follower)->request_rebalance().ok());
    EXPECT_TRUE((*follower)->commit({&commit, 1}, kNoWait).ok()) << "members still join";

    leader->poll(kNoWait);
    follower->poll(kNoWait);  // The last to join; the leader must assign now.

    EXPECT_EQ((*follower)->commit({&commit, 1}, kNoWait).code(), ErrorCode::kRebalanceInProgress);
    leader->poll(kNoWait);
    EXPECT_TRUE((*follower)->commit({&commit, 1}, kNoWait).ok());
}

TEST_F(EmbeddedGroups, StaticMembersThatCloseKeepTheirPlaceForASession) {
    broker.create_topic("t", 2);
    const auto fixed =
        make_member("fixed", {{"group.instance.id", "i"}, {"session.timeout.ms", "5000"}});
    const auto other = make_member("other");
    settle({fixed.get(), other.get()});
    (*fixed)->close(kNoWait);
    settle({other.get()});
    EXPECT_THAT(other->held(), SizeIs(1));

    broker.advance(milliseconds(5'001));
    settle({other.get()});

    EXPECT_THAT(other->held(), SizeIs(2));
}

TEST_F(EmbeddedGroups, AConsumerWithAnotherProtocolIsRefused) {
    class Other final : public kafka::GroupAssignor {
      public:
        std::string name() const override { return "other"; }
        Bytes subscription_user_data() override { return {}; }
        std::map<std::string, kafka::MemberAssignment> assign(
            const std::vector<kafka::GroupMember>&, const kafka::PartitionCounts&) override {
            return {};
        }
        void on_assignment(const std::vector<TopicPartition>&, BytesView) override {}
    };
    broker.create_topic("t");
    const auto member = make_member("a");
    member->poll(kNoWait);
    TestConsumer stranger(
        broker.clients()->make_consumer({{"group.id", "g"}}, std::make_shared<Other>()));
    stranger.subscribe("t");

    stranger.poll(kNoWait);

    ASSERT_THAT(stranger.errors(), SizeIs(1));
    EXPECT_TRUE(stranger.errors()[0].fatal());
    EXPECT_THAT(broker.members("g"), SizeIs(1));
}

/// Members join, leave, lose their connection and are polled in an order drawn from `seed`; returns
/// all calls of their listeners. Checks that no two members of the group ever own the same
/// partition.
std::string trace_of(unsigned seed) {
    constexpr Partition kPartitions = 6;
    EmbeddedBroker broker({.time = BrokerTime::kManual});
    broker.create_topic("t", kPartitions);
    std::mt19937 random(seed);
    std::vector<std::unique_ptr<TestConsumer>> members;
    std::string trace;
    const auto add = [&] {
        members.push_back(std::make_unique<TestConsumer>(
            broker.clients()->make_consumer({{"group.id", "g"}, {"session.timeout.ms", "1000"}},
                                            std::make_shared<TestAssignor>())));
        members.back()->subscribe("t");
    };
    add();
    for (int step = 0; step < 400; ++step) {
        const auto what = random() % 20;
        const std::size_t which = random() % members.size();
        if (what == 0 && members.size() < 5) {
            add();
        } else if (what == 1 && members.size() > 1) {
            members.erase(members.begin() + static_cast<std::ptrdiff_t>(which));
        } else if (what == 2) {
            const auto known = broker.members("g");
            if (!known.empty()) {
                broker.expire_member("g", known[random() % known.size()].member_id);
            }
        } else {
            members[which]->poll(kNoWait);
        }
        std::set<TopicPartition> held;
        for (const auto& member : members) {
            if ((*member)->assignment_lost()) {
                continue;
            }
            for (const auto& partition : member->held()) {
                EXPECT_TRUE(held.insert(partition).second)
                    << "seed " << seed << ", step " << step << ": " << to_string(partition);
                trace += to_string(partition) + ' ';
            }
            trace += '|';
        }
        trace += '\n';
    }
    for (int round = 0; round < 50; ++round) {
        for (auto& member : members) {
            member->poll(kNoWait);
        }
    }
    std::size_t total = 0;
    for (const auto& member : members) {
        total += member->held().size();
    }
    EXPECT_EQ(total, static_cast<std::size_t>(kPartitions)) << "seed " << seed;
    return trace;
}

TEST(EmbeddedGroupsInAnyOrder, NeverShareAPartitionAndBecomeStable) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        trace_of(seed);
    }
}

TEST(EmbeddedGroupsInAnyOrder, BehaveTheSameForTheSameSeed) {
    EXPECT_EQ(trace_of(42), trace_of(42));
    EXPECT_NE(trace_of(42), trace_of(43));
}

/// Members on threads share six partitions. Moved partitions continue from the committed offset, so
/// every record is read exactly once.
TEST(EmbeddedGroupsOnThreads, ShareTheWorkAndReadEverythingOnce) {
    constexpr int kThreads = 3;
    constexpr int kRecords = 3'000;
    EmbeddedBroker broker;
    broker.create_topic("t", 6);
    std::atomic<int> read{0};
    std::barrier all_read(kThreads);
    const auto run_member = [&] {
        TestConsumer member(
            broker.clients()->make_consumer({{"group.id", "g"}}, std::make_shared<TestAssignor>()));
        std::map<TopicPartition, Offset> positions;
        member.start_with([&](const TopicPartition& partition) {
            const auto committed = require_value(member->committed({&partition, 1}, kTimeout));
            return positions[partition] = committed.front().offset.value_or(0);
        });
        member.when_revoked([&](const std::vector<TopicPartition>& partitions) {
            std::vector<kafka::OffsetCommit> commits;
            for (const auto& partition : partitions) {
                commits.push_back({partition, positions[partition], -1, ""});
            }
            const kafka::Status committed = member->commit(commits, kTimeout);
            // At the end a rebalance may be in progress, in which no member may commit; no member
            // reads further, either.
            EXPECT_TRUE(committed.ok() || read >= kRecords) << committed.message();
        });
        member.subscribe("t");
        while (read < kRecords) {
            member.poll(milliseconds(10));
            for (const auto& record : member.take_records()) {
                positions[record.partition] = record.offset + 1;
                ++read;
            }
        }
        all_read.arrive_and_wait();
        member->close(kTimeout);
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back(run_member);
    }
    TestProducer producer([&](kafka::ProducerListener& listener) {
        return broker.clients()->make_producer({}, listener);
    });
    const auto topic = producer->topic("t");
    for (int i = 0; i < kRecords; ++i) {
        const std::string key = std::to_string(i);
        require_ok(producer->send({.topic = topic, .key = key, .value = key}));
        if (i % 10 == 0) {
            producer->poll();
        }
    }
    producer.flush();
    for (auto& thread : threads) {
        thread.join();
    }

    EXPECT_EQ(read, kRecords);
}

}  // namespace
}  // namespace millrace::testing
