// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/assignor_bridge.hpp"

#include "kafka/rdkafka/partition_lists.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace millrace::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// Returns the assignment of the test and stores its calls.
class ScriptedAssignor final : public GroupAssignor {
  public:
    std::string name() const override { return "scripted"; }
    Bytes subscription_user_data() override { return {}; }
    std::map<std::string, MemberAssignment> assign(const std::vector<GroupMember>& members,
                                                   const PartitionCounts&) override {
        seen = members;
        return answer;
    }
    void on_assignment(const std::vector<TopicPartition>&, BytesView) override {}

    std::map<std::string, MemberAssignment> answer;
    std::vector<GroupMember> seen;
};

/// The data that the C side passes for one member.
class Described {
  public:
    Described(std::string id, std::int32_t generation, const std::vector<TopicPartition>& owned)
        : id_(std::move(id)),
          subscription_(rd_kafka_topic_partition_list_new(0)),
          owned_(to_list(owned)),
          assignment_(rd_kafka_topic_partition_list_new(0)) {
        member.member_id = id_.c_str();
        member.group_instance_id = "";
        member.rack_id = "";
        member.generation = generation;
        member.subscription = subscription_.get();
        member.owned = owned_.get();
        member.assignment = assignment_.get();
    }

    std::vector<TopicPartition> assigned() const { return to_partitions(member.assignment); }

    /// The way the C side reads it.
    std::vector<TopicPartition> still_owned() {
        const RdList list(std::exchange(member.still_owned, nullptr));
        return to_partitions(list.get());
    }

    millrace_group_member member{};

  private:
    std::string id_;
    RdList subscription_;
    RdList owned_;
    RdList assignment_;
};

struct AssignorBridgeTest : ::testing::Test {
    void assign() {
        std::vector<millrace_group_member*> described;
        for (auto& one : members) {
            described.push_back(&one.member);
        }
        bridge.assign(described, {});
    }

    std::shared_ptr<ScriptedAssignor> assignor = std::make_shared<ScriptedAssignor>();
    AssignorBridge bridge{assignor};
    std::deque<Described> members;
};

TEST_F(AssignorBridgeTest, ForwardsAssignmentsAndUserData) {
    members.emplace_back("a", 3, std::vector<TopicPartition>{{"t", 0}, {"t", 1}});
    members.emplace_back("b", -1, std::vector<TopicPartition>{});
    assignor->answer["a"] = {{{"t", 0}}, "for a"};
    assignor->answer["b"] = {{{"t", 1}}, "for b"};

    assign();

    EXPECT_THAT(members[0].assigned(), ElementsAre(TopicPartition{"t", 0}));
    EXPECT_THAT(members[1].assigned(), ElementsAre(TopicPartition{"t", 1}));
    EXPECT_EQ(std::string(static_cast<const char*>(members[1].member.assignment_user_data),
                          members[1].member.assignment_user_data_size),
              "for b");
    // Partition 1 is still owned, so it is withheld from b in this rebalance.
    EXPECT_THAT(members[0].still_owned(),
                UnorderedElementsAre(TopicPartition{"t", 0}, TopicPartition{"t", 1}));
    EXPECT_THAT(members[1].still_owned(), IsEmpty());
}

TEST_F(AssignorBridgeTest, AcceptsTheClaimOfTheLaterGeneration) {
    members.emplace_back("old", 3, std::vector<TopicPartition>{{"t", 0}, {"t", 1}});
    members.emplace_back("new", 4, std::vector<TopicPartition>{{"t", 0}});
    assignor->answer["new"] = {{{"t", 0}, {"t", 1}}, ""};

    assign();

    EXPECT_THAT(assignor->seen[0].owned, ElementsAre(TopicPartition{"t", 1}));
    EXPECT_THAT(assignor->seen[1].owned, ElementsAre(TopicPartition{"t", 0}));
    EXPECT_THAT(members[0].still_owned(), ElementsAre(TopicPartition{"t", 1}));
    EXPECT_THAT(members[1].still_owned(), ElementsAre(TopicPartition{"t", 0}));
}

TEST_F(AssignorBridgeTest, RevokesPartitionsThatAreNotAssigned) {
    members.emplace_back("a", 3, std::vector<TopicPartition>{{"t", 0}, {"gone", 0}});
    assignor->answer["a"] = {{{"t", 0}}, ""};

    assign();

    EXPECT_THAT(members[0].still_owned(), ElementsAre(TopicPartition{"t", 0}));
}

TEST_F(AssignorBridgeTest, AssignsNothingToAMemberThatTheAssignorOmits) {
    members.emplace_back("a", 3, std::vector<TopicPartition>{});

    assign();

    EXPECT_THAT(members[0].assigned(), IsEmpty());
    EXPECT_EQ(members[0].member.assignment_user_data_size, 0U);
    EXPECT_THAT(members[0].still_owned(), IsEmpty());
}

}  // namespace
}  // namespace millrace::kafka
