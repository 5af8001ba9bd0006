// SPDX-License-Identifier: Apache-2.0
#include "assignment/partition_assignor.hpp"

#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

namespace millrace::assignment {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

topology::ApplicationTopology two_parts() {
    topology::ApplicationTopology application;
    application.application_id = "app";
    application.sub_topologies.resize(2);
    application.sub_topologies[0].id = 0;
    application.sub_topologies[0].source_topics = {"left", "right"};
    application.sub_topologies[1].id = 1;
    application.sub_topologies[1].source_patterns = {"logs-.*"};
    return application;
}

kafka::GroupMember member(const std::string& id, const std::string& process,
                          std::vector<TopicPartition> owned = {}, std::int32_t generation = 1) {
    kafka::GroupMember result;
    result.member_id = id;
    result.owned = std::move(owned);
    result.generation = generation;
    result.user_data = encode(SubscriptionInfo{.process_id = process, .thread_name = id});
    return result;
}

TEST(PartitionAssignor, AssignsCoPartitionedInputsToTheSameMember) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");

    const auto result = assignor.assign({member("a", "p"), member("b", "q")},
                                        {{"left", 2}, {"right", 2}, {"other", 3}});

    for (const auto& [id, assignment] : result) {
        ASSERT_EQ(assignment.partitions.size(), 2U) << id;
        EXPECT_EQ(assignment.partitions[0].partition, assignment.partitions[1].partition);
        EXPECT_NE(assignment.partitions[0].topic, assignment.partitions[1].topic);
    }
}

TEST(PartitionAssignor, AssignsToATaskThePartitionsThatItsTopicsHave) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");

    const auto result =
        assignor.assign({member("a", "p")}, {{"left", 1}, {"right", 2}, {"logs-x", 1}});

    EXPECT_THAT(result.at("a").partitions,
                UnorderedElementsAre(TopicPartition{"left", 0}, TopicPartition{"right", 0},
                                     TopicPartition{"right", 1}, TopicPartition{"logs-x", 0}));
}

TEST(PartitionAssignor, AcceptsTheOwnerOfTheLatestGeneration) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");
    const std::vector<TopicPartition> all{{"left", 0}, {"left", 1}};

    const auto result = assignor.assign(
        {member("a", "p", all, 3), member("b", "q", {{"left", 0}}, 4)}, {{"left", 2}});

    EXPECT_THAT(result.at("b").partitions, ElementsAre(TopicPartition{"left", 0}));
}

TEST(PartitionAssignor, AssignsNothingOfAMovingTaskBeforeItsOwnerHasRevokedIt) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");
    const std::vector<TopicPartition> all{{"left", 0}, {"left", 1}};
    const kafka::PartitionCounts topics{{"left", 2}, {"right", 2}};

    // "right" is new, and one of the tasks of "a" moves to "b".
    const auto moving = assignor.assign({member("a", "p", all, 3), member("b", "q")}, topics);

    ASSERT_EQ(moving.at("a").partitions.size(), 2U) << "the task that stays grows at once";
    ASSERT_EQ(moving.at("b").partitions.size(), 1U);
    EXPECT_EQ(moving.at("b").partitions[0].topic, "left") << "which the group withholds";

    // The next rebalance: it was revoked.
    const auto moved = assignor.assign(
        {member("a", "p", moving.at("a").partitions, 4), member("b", "q", {}, 4)}, topics);

    EXPECT_EQ(moved.at("a").partitions, moving.at("a").partitions);
    EXPECT_EQ(moved.at("b").partitions.size(), 2U);
}

TEST(PartitionAssignor, AlsoWaitsForTheReaderOfADeletedTopic) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");

    const auto result =
        assignor.assign({member("a", "p"), member("b", "q", {{"right", 0}}, 3)}, {{"left", 1}});

    EXPECT_THAT(result.at("a").partitions, IsEmpty());
}

TEST(PartitionAssignor, StopsAMemberOfANewerVersionAndAssignsItNothing) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");
    kafka::GroupMember newer = member("n", "q");
    newer.user_data[6] = '\x7f';  // The version's low byte, ...
    newer.user_data[8] = '\x7f';  // ... and that of the first version that reads it.

    const auto result = assignor.assign({member("a", "p"), newer}, {{"left", 2}});
    assignor.on_assignment({}, result.at("n").user_data);

    EXPECT_THAT(result.at("n").partitions, IsEmpty());
    EXPECT_EQ(result.at("a").partitions.size(), 2U);
    EXPECT_EQ(assignor.stop().reason, StopReason::kUnknownVersion);
    EXPECT_THAT(assignor.stop().message, HasSubstr("older version"));
}

kafka::GroupMember producing(const std::string& id, std::vector<std::string> ids) {
    kafka::GroupMember result = member(id, id);
    result.user_data = encode(
        SubscriptionInfo{.process_id = id, .thread_name = id, .transactional_ids = std::move(ids)});
    return result;
}

/// Of the assignment of member "a".
std::vector<std::string> departed_of(PartitionAssignor& assignor,
                                     const std::vector<kafka::GroupMember>& members) {
    const auto result = assignor.assign(members, {{"left", 4}});
    return decode_assignment(result.at("a").user_data).departed;
}

TEST(PartitionAssignor, ReportsTheTransactionalIdsOfMembersThatHaveLeft) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");
    const auto a = producing("a", {"id-a"});
    EXPECT_THAT(departed_of(assignor, {a, producing("b", {"id-b", "id-b2"})}), IsEmpty());
    EXPECT_THAT(departed_of(assignor, {a}), ElementsAre("id-b", "id-b2"));
}

TEST(PartitionAssignor, ReportsNoDepartedMemberWhileOneDoesNotSendItsTransactionalIds) {
    kafka::GroupMember unreadable = member("u", "u");
    unreadable.user_data = "?";
    kafka::GroupMember earlier = member("e", "e");
    earlier.user_data = encode(SubscriptionInfo{.process_id = "e", .thread_name = "e"}, 1);
    for (const kafka::GroupMember& hiding : {member("h", "h"), unreadable, earlier}) {
        const auto application = two_parts();
        PartitionAssignor assignor(application, "p", "t");
        const auto a = producing("a", {"id-a"});
        departed_of(assignor, {a, producing("b", {"id-b"})});
        EXPECT_THAT(departed_of(assignor, {a, hiding}), IsEmpty()) << hiding.member_id;
        EXPECT_THAT(departed_of(assignor, {a}), ElementsAre("id-b")) << hiding.member_id;
    }
}

TEST(PartitionAssignor, SendsAShutdownRequestToEveryMember) {
    const auto application = two_parts();
    PartitionAssignor assignor(application, "p", "t");
    assignor.request_application_shutdown();
    kafka::GroupMember asking = member("a", "p");
    asking.user_data = assignor.subscription_user_data();

    const auto result = assignor.assign({asking, member("b", "q")}, {{"left", 2}});
    PartitionAssignor other(application, "q", "b");
    other.on_assignment({}, result.at("b").user_data);

    EXPECT_EQ(other.stop().reason, StopReason::kShutDownApplication);
}

}  // namespace
}  // namespace millrace::assignment
