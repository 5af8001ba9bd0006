// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class Groups : public Contract {
  protected:
    std::unique_ptr<TestConsumer> make_member(const std::string& group,
                                              std::shared_ptr<TestAssignor> assignor = nullptr,
                                              kafka::ClientSettings settings = {}) {
        settings.emplace("group.id", group);
        settings.emplace("heartbeat.interval.ms", "100");
        settings.emplace("topic.metadata.refresh.interval.ms", "200");
        return make_consumer(std::move(settings),
                             assignor ? assignor : std::make_shared<TestAssignor>());
    }

    void join(TestConsumer& member, const std::string& topic, std::size_t partitions) {
        member.subscribe(topic);
        poll_until("an assignment", {&member}, [&] { return member.held().size() == partitions; });
    }

    static std::vector<TopicPartition> partitions_of(const std::string& topic, Partition count) {
        std::vector<TopicPartition> partitions;
        for (Partition partition = 0; partition < count; ++partition) {
            partitions.push_back({topic, partition});
        }
        return partitions;
    }

    kafka::Status commit(TestConsumer& member, const TopicPartition& partition, Offset offset,
                         const std::string& metadata = {}) {
        const kafka::OffsetCommit commit{partition, offset, -1, metadata};
        return member->commit({&commit, 1}, kTimeout);
    }

    kafka::CommittedOffset committed(TestConsumer& consumer, const TopicPartition& partition) {
        return require_value(consumer->committed({&partition, 1}, kTimeout)).front();
    }
};

TEST_P(Groups, AssignEverythingToTheOnlyMemberFromItsStartPosition) {
    const auto topic = create_topic(3);
    const auto producer = make_producer();
    for (const char* value : {"0", "1", "2"}) {
        producer->send(topic, "k", value);
    }
    producer->flush();
    const auto member = make_member(unique("group"));
    member->start_with([](const TopicPartition& partition) {
        return partition.partition == 0 ? 1 : kafka::kFromBeginning;
    });

    join(*member, topic, 3);

    EXPECT_THAT(member->told(), ElementsAre(Pair("assigned", partitions_of(topic, 3))));
    EXPECT_THAT(values_of(read(*member, 2)), ElementsAre("1", "2"));
    EXPECT_TRUE((*member)->group_metadata().valid());
}

TEST_P(Groups, CarryUserDataToTheLeaderAndBack) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto first = std::make_shared<TestAssignor>(Bytes("first\0!", 7));
    const auto second = std::make_shared<TestAssignor>("second");
    const auto one = make_member(group, first);
    const auto two = make_member(group, second);
    join(*one, topic, 2);

    two->subscribe(topic);
    poll_until("one partition each", {one.get(), two.get()},
               [&] { return one->held().size() == 1 && two->held().size() == 1; });

    EXPECT_EQ(first->assignment_user_data(), Bytes("for first\0!", 11));
    EXPECT_EQ(second->assignment_user_data(), Bytes("for second"));
    auto members = first->members_seen();
    ASSERT_THAT(members, SizeIs(2));
    std::sort(members.begin(), members.end(),
              [](const auto& left, const auto& right) { return left.user_data < right.user_data; });
    EXPECT_EQ(members[0].user_data, Bytes("first\0!", 7));
    EXPECT_THAT(members[0].topics, ElementsAre(topic));
    EXPECT_EQ(members[1].user_data, "second");
    EXPECT_THAT(first->topics_seen(), ElementsAre(Pair(topic, 2)));
}

TEST_P(Groups, SendOwnedPartitionsToTheLeader) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto assignor = std::make_shared<TestAssignor>();
    const auto member = make_member(group, assignor);
    join(*member, topic, 2);
    const std::int32_t generation = (*member)->group_metadata().generation;

    require_ok((*member)->request_rebalance());
    poll_until("another round", {member.get()},
               [&] { return (*member)->group_metadata().generation > generation; });

    poll_until("the leader's turn", {member.get()}, [&] {
        return !assignor->members_seen().empty() && !assignor->members_seen()[0].owned.empty();
    });
    EXPECT_THAT(assignor->members_seen()[0].owned,
                UnorderedElementsAre(TopicPartition{topic, 0}, TopicPartition{topic, 1}));
    // Partitions that a member keeps are neither revoked nor assigned again.
    EXPECT_THAT(member->told(), SizeIs(1));
}

TEST_P(Groups, MoveOnlyPartitionsThatTheirOwnerHasRevoked) {
    const auto topic = create_topic(4);
    const auto group = unique("group");
    const auto one = make_member(group);
    const auto two = make_member(group);
    join(*one, topic, 4);
    bool overlap = false;
    const auto both = [&] {
        for (const auto& partition : one->held()) {
            overlap |= two->held().contains(partition);
        }
        return one->held().size() == 2 && two->held().size() == 2;
    };

    two->subscribe(topic);
    poll_until("two partitions each", {two.get(), one.get()}, both);

    EXPECT_FALSE(overlap);
    EXPECT_THAT(one->told(), SizeIs(2));
    EXPECT_THAT(one->told().back(), Pair("revoked", std::vector<TopicPartition>(
                                                        two->held().begin(), two->held().end())));
    EXPECT_THAT(two->told(), SizeIs(1));
}

TEST_P(Groups, AcceptCommitsDuringARevocation) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto one = make_member(group);
    const auto two = make_member(group);
    join(*one, topic, 2);
    std::vector<kafka::Status> outcomes;
    one->when_revoked([&](const std::vector<TopicPartition>& partitions) {
        for (const auto& partition : partitions) {
            outcomes.push_back(commit(*one, partition, 7));
        }
    });

    two->subscribe(topic);
    poll_until("one partition each", {one.get(), two.get()},
               [&] { return one->held().size() == 1 && two->held().size() == 1; });

    ASSERT_THAT(outcomes, SizeIs(1));
    EXPECT_TRUE(outcomes[0].ok()) << outcomes[0].message();
    EXPECT_EQ(committed(*two, *two->held().begin()).offset, 7);
}

TEST_P(Groups, KeepOffsetsWithTheirMetadata) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto member = make_member(group);
    join(*member, topic, 2);
    const std::string metadata = "AgAAAAAAAAAA" + std::string(1'000, 'x');

    require_ok(commit(*member, {topic, 0}, 5, metadata));

    EXPECT_EQ(committed(*member, {topic, 0}).offset, 5);
    EXPECT_EQ(committed(*member, {topic, 0}).metadata, metadata);
    EXPECT_EQ(committed(*member, {topic, 1}).offset, std::nullopt);
    require_ok(commit(*member, {topic, 0}, 3));
    EXPECT_EQ(committed(*member, {topic, 0}).offset, 3);
    EXPECT_EQ(committed(*member, {topic, 0}).metadata, "");
}

TEST_P(Groups, AreIndependent) {
    const auto topic = create_topic(1);
    const auto one = make_member(unique("group"));
    const auto other = make_member(unique("group"));
    join(*one, topic, 1);
    join(*other, topic, 1);

    require_ok(commit(*one, {topic, 0}, 5));

    EXPECT_EQ(committed(*other, {topic, 0}).offset, std::nullopt);
}

TEST_P(Groups, RemoveAMemberThatDoesNotPoll) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const kafka::ClientSettings hasty{{"session.timeout.ms", "2000"},
                                      {"max.poll.interval.ms", "2000"}};
    const auto slow = make_member(group, nullptr, hasty);
    const auto other = make_member(group);
    join(*slow, topic, 2);
    const auto stale = (*slow)->group_metadata();

    let_pass(std::chrono::milliseconds(3'000));
    join(*other, topic, 2);

    EXPECT_FALSE(commit(*slow, {topic, 0}, 1).ok());
    poll_until("the bad news", {slow.get(), other.get()}, [&] { return slow->told().size() > 1; });
    EXPECT_THAT(slow->told()[1], Pair("lost", partitions_of(topic, 2)));
    EXPECT_TRUE(slow->has_error(ErrorCode::kMaxPollExceeded));
    poll_until("its way back", {slow.get(), other.get()},
               [&] { return slow->held().size() == 1 && other->held().size() == 1; });
    EXPECT_NE((*slow)->group_metadata().member_id, stale.member_id);
}

TEST_P(Groups, AssignEverythingToTheRemainingMemberWhenOneCloses) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto one = make_member(group);
    const auto two = make_member(group);
    join(*one, topic, 2);
    two->subscribe(topic);
    poll_until("one partition each", {one.get(), two.get()},
               [&] { return one->held().size() == 1 && two->held().size() == 1; });

    (*one)->close(kTimeout);

    EXPECT_THAT(one->held(), IsEmpty());
    EXPECT_EQ(one->told().back().first, "revoked");
    poll_until("both partitions", {two.get()}, [&] { return two->held().size() == 2; });
}

TEST_P(Groups, AreLeftByUnsubscribing) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto one = make_member(group);
    const auto two = make_member(group);
    join(*one, topic, 2);

    require_ok((*one)->unsubscribe());
    poll_until("the end of the assignment", {one.get()}, [&] { return one->held().empty(); });
    EXPECT_EQ(one->told().back().first, "revoked");

    join(*two, topic, 2);
}

TEST_P(Groups, CanBeJoinedAgainAfterUnsubscribing) {
    const auto topic = create_topic(2);
    const auto member = make_member(unique("group"));
    join(*member, topic, 2);
    require_ok((*member)->unsubscribe());
    poll_until("the end of the assignment", {member.get()}, [&] { return member->held().empty(); });

    join(*member, topic, 2);

    EXPECT_TRUE((*member)->group_metadata().valid());
}

TEST_P(Groups, NoticeNewTopicsOfAPattern) {
    const auto prefix = unique("pattern");
    const auto member = make_member(unique("group"));
    const auto create = [&](const std::string& name) {
        const kafka::NewTopic topic{.name = name};
        require_ok(require_value(admin().create_topics({&topic, 1}, kTimeout)).front());
    };
    create(prefix + "-a");
    create("not-" + prefix + "-a");
    require_ok((*member)->subscribe({{}, prefix + "-[a-z]"}, *member));
    poll_until("the first topic", {member.get()},
               [&] { return member->held().contains({prefix + "-a", 0}); });

    create(prefix + "-b");
    create(prefix + "-bb");
    poll_until("the second topic", {member.get()},
               [&] { return member->held().contains({prefix + "-b", 0}); });

    EXPECT_THAT(member->held(), SizeIs(2));
}

TEST_P(Groups, WaitForTopicsThatDoNotExistYet) {
    const auto name = unique("late");
    const auto member = make_member(unique("group"));
    member->subscribe(name);
    poll_until("the complaint", {member.get()},
               [&] { return member->has_error(ErrorCode::kUnknownTopic); });

    const kafka::NewTopic topic{.name = name};
    require_ok(require_value(admin().create_topics({&topic, 1}, kTimeout)).front());

    poll_until("the topic", {member.get()}, [&] { return member->held().size() == 1; });
}

TEST_P(Groups, AcceptAnotherSubscription) {
    const auto before = create_topic(1);
    const auto after = create_topic(1);
    const auto member = make_member(unique("group"));
    join(*member, before, 1);

    member->subscribe(after);
    poll_until("the other topic", {member.get()},
               [&] { return member->held() == std::set<TopicPartition>{{after, 0}}; });
}

TEST_P(Groups, LeaveUnassignedWhatTheAssignorLeaves) {
    const auto topic = create_topic(2);
    const auto assignor = std::make_shared<TestAssignor>();
    assignor->set_rule([&](const auto& members, const auto& /*topics*/) {
        TestAssignor::Assignments assignments;
        assignments[members.front().member_id].partitions = {{topic, 1}};
        return assignments;
    });
    const auto member = make_member(unique("group"), assignor);

    join(*member, topic, 1);

    EXPECT_THAT(member->held(), ElementsAre(TopicPartition{topic, 1}));
}

TEST_P(Groups, AreNotNeededForCommitsWithoutMembership) {
    const auto topic = create_topic(1);
    const auto group = unique("group");
    const auto consumer = make_consumer({{"group.id", group}});

    require_ok(commit(*consumer, {topic, 0}, 4, "by hand"));

    EXPECT_EQ(committed(*consumer, {topic, 0}).metadata, "by hand");
    const auto member = make_member(group);
    join(*member, topic, 1);
    EXPECT_EQ(committed(*member, {topic, 0}).offset, 4);
    EXPECT_EQ(commit(*consumer, {topic, 0}, 5).code(), ErrorCode::kUnknownMember);
}

TEST_P(Groups, RefuseOffsetsOfUnknownPartitions) {
    const auto topic = create_topic(1);
    const auto member = make_member(unique("group"));
    join(*member, topic, 1);

    EXPECT_EQ(commit(*member, {topic, 9}, 5).code(), ErrorCode::kUnknownTopic);
}

INSTANTIATE_TEST_SUITE_P(Embedded, Groups, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, Groups, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
