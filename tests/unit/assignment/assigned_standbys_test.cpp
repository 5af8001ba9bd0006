// SPDX-License-Identifier: Apache-2.0

// Standbys, warm-ups and probing rebalances in what the leader sends.
#include "assignment/partition_assignor.hpp"
#include "support/counting_topology.hpp"

#include <gmock/gmock.h>

namespace millrace::assignment {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr TaskId k0{0, 0};
constexpr TaskId k1{0, 1};

class AssignedStandbys : public ::testing::Test {
  protected:
    static AssignorOptions options(int standbys) {
        AssignorOptions options;
        options.standby_replicas = standbys;
        options.probing_interval = 90s;
        return options;
    }

    /// A member of a process of the same name that runs and owns these partitions of "in".
    static kafka::GroupMember member(const std::string& id, const std::vector<TaskId>& active = {},
                                     const std::vector<TaskId>& standby = {},
                                     std::uint16_t version = kFormatVersion) {
        SubscriptionInfo info{.process_id = id, .active = active, .standby = standby};
        info.reads = version;
        kafka::GroupMember result;
        result.member_id = id;
        result.generation = 1;
        for (const TaskId& task : active) {
            info.on_disk[task] = 0;
            result.owned.push_back({"in", task.partition});
        }
        for (const TaskId& task : standby) {
            info.on_disk[task] = 0;
        }
        result.user_data = encode(info, version);
        return result;
    }

    AssignmentInfo assigned(const kafka::GroupMember& member) const {
        return decode_assignment(result.at(member.member_id).user_data);
    }

    Topology topology = support::counting_topology([](const auto&) {});
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    std::map<std::string, kafka::MemberAssignment> result;
};

TEST_F(AssignedStandbys, AreOnTheOtherProcess) {
    PartitionAssignor leader(application, "a", "t", options(1));
    const auto a = member("a");
    const auto b = member("b");
    result = leader.assign({a, b}, {{"in", 2}});

    EXPECT_EQ(assigned(a).standby, assigned(b).active);
    EXPECT_EQ(assigned(b).standby, assigned(a).active);
    EXPECT_THAT(assigned(a).standby, SizeIs(1));

    PartitionAssignor follower(application, "b", "t");
    follower.on_assignment(result.at("b").partitions, result.at("b").user_data);
    EXPECT_EQ(follower.standby(), assigned(b).standby);
    EXPECT_FALSE(follower.rejoin().after);
    follower.on_assignment({}, {});
    EXPECT_THAT(follower.standby(), IsEmpty());
}

TEST_F(AssignedStandbys, OneMemberProbesWhileAnotherWarmsUp) {
    PartitionAssignor leader(application, "a", "t", options(0));
    const auto a = member("a", {k0, k1});
    const auto b = member("b");
    const auto c = member("c");
    result = leader.assign({a, b, c}, {{"in", 2}});

    EXPECT_THAT(assigned(a).active, ElementsAre(k0, k1));
    EXPECT_EQ(assigned(b).standby.size() + assigned(c).standby.size(), 1U);
    EXPECT_EQ(assigned(a).next_probing, 90s);
    EXPECT_FALSE(assigned(b).next_probing || assigned(c).next_probing);
    EXPECT_EQ(assigned(b).awaited, assigned(b).standby);
    EXPECT_EQ(assigned(c).awaited, assigned(c).standby);

    leader.on_assignment(result.at("a").partitions, result.at("a").user_data);
    EXPECT_EQ(leader.rejoin().after, 90s);
}

TEST_F(AssignedStandbys, ATaskMovesAtOnceIfAMemberReportsThatItsChangelogIsSmall) {
    PartitionAssignor leader(application, "a", "t", options(0));
    const auto a = member("a", {k0, k1});
    const auto b = member("b");
    const auto reports = [&](std::int64_t size) {
        auto info = decode_subscription(a.user_data);
        info.sizes = {{k0, size}, {k1, size}};
        auto reporting = a;
        reporting.user_data = encode(info);
        return leader.assign({reporting, b}, {{"in", 2}});
    };

    result = reports(10'000);
    EXPECT_THAT(assigned(b).active, SizeIs(1));
    EXPECT_FALSE(assigned(a).next_probing);

    result = reports(10'001);
    EXPECT_THAT(assigned(b).active, IsEmpty());
    EXPECT_TRUE(assigned(a).next_probing);
}

TEST_F(AssignedStandbys, ATaskThatMovesIsKeptUpToDateUntilItsFormerProcessReleasesIt) {
    PartitionAssignor leader(application, "a", "t", options(0));
    const auto a = member("a", {k0, k1});
    const auto b = member("b", {}, {k1});
    result = leader.assign({a, b}, {{"in", 2}});

    EXPECT_THAT(assigned(a).active, ElementsAre(k0));
    EXPECT_THAT(assigned(b).active, ElementsAre(k1));
    EXPECT_THAT(assigned(b).standby, ElementsAre(k1)) << "it stays open";

    EXPECT_EQ(assigned(b).next_probing, 0s) << "it rejoins at once, as the other one waits for it";
    EXPECT_FALSE(assigned(a).next_probing) << "it rejoins when it has released the task";

    // The next rebalance.
    const auto released = member("a", {k0});
    result = leader.assign({released, b}, {{"in", 2}});

    EXPECT_THAT(assigned(b).active, ElementsAre(k1));
    EXPECT_THAT(assigned(b).standby, IsEmpty());
    EXPECT_THAT(result.at("b").partitions, ElementsAre(TopicPartition{"in", 1}));
    EXPECT_FALSE(assigned(a).next_probing || assigned(b).next_probing);
}

TEST_F(AssignedStandbys, AreNotSentToMembersOfTheFirstVersion) {
    PartitionAssignor leader(application, "a", "t", options(1));
    const auto a = member("a", {k0, k1});
    const auto b = member("b", {}, {}, 1);
    const auto c = member("c");
    result = leader.assign({a, b, c}, {{"in", 3}});

    EXPECT_EQ(assigned(b).version, 1);
    EXPECT_THAT(assigned(b).standby, IsEmpty());
    EXPECT_THAT(assigned(b).active, SizeIs(1)) << "at once";
    std::vector<TaskId> kept = assigned(a).standby;
    const std::vector<TaskId> others = assigned(c).standby;
    kept.insert(kept.end(), others.begin(), others.end());
    EXPECT_THAT(kept, Contains(assigned(b).active.front()));
}

}  // namespace
}  // namespace millrace::assignment
