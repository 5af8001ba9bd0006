// SPDX-License-Identifier: Apache-2.0

// The racks of partitions: looked up in the background, used by the leader of the group.
#include "assignment/partition_racks.hpp"

#include "assignment/partition_assignor.hpp"
#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/counting_topology.hpp"
#include "support/forwarding_admin.hpp"

#include <gmock/gmock.h>

namespace millrace::assignment {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

/// A cluster whose brokers are in racks.
class RackedAdmin final : public support::ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<kafka::ReplicaRacks> replica_racks(std::span<const std::string> topics,
                                                     std::chrono::milliseconds) override {
        asked.assign(topics.begin(), topics.end());
        if (fails) {
            return kafka::Status(kafka::ErrorCode::kTransport, "down");
        }
        return racks;
    }

    kafka::ReplicaRacks racks;
    bool fails = false;
    std::vector<std::string> asked;
};

class PartitionRacksTest : public ::testing::Test {
  protected:
    static kafka::GroupMember member(const std::string& id, const std::string& rack) {
        kafka::GroupMember result;
        result.member_id = id;
        result.rack_id = rack;
        result.user_data = encode(SubscriptionInfo{.process_id = id});
        return result;
    }

    /// The partitions of "in" that the first of these members gets from the leader.
    std::vector<TopicPartition> given_to_first(const std::vector<kafka::GroupMember>& members) {
        AssignorOptions options;
        options.rack_strategy = RackStrategy::kMinTraffic;
        PartitionAssignor leader(application, "a", "t", options, {}, &racks);
        const auto result = leader.assign(members, {{"in", 2}});
        probes = false;
        for (const auto& [id, assigned] : result) {
            probes = probes || decode_assignment(assigned.user_data).next_probing;
        }
        return result.at(members.front().member_id).partitions;
    }

    Topology topology = support::counting_topology([](const auto&) {});
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    testing::EmbeddedBroker broker{{.time = testing::BrokerTime::kManual}};
    std::unique_ptr<kafka::Admin> real = broker.clients()->make_admin({});
    RackedAdmin admin{*real};
    PartitionRacks racks{application, admin};
    bool probes = false;
};

TEST_F(PartitionRacksTest, AreThoseOfTheTopicsThatTheApplicationReads) {
    admin.racks = {{{"in", 0}, {"a", "b"}}, {{"in", 1}, {""}}};
    racks.look_up(1s);

    EXPECT_THAT(admin.asked, ElementsAre("in"));
    EXPECT_THAT(*racks.known(), ElementsAre(Pair(TopicPartition{"in", 0}, ElementsAre("a", "b")),
                                            Pair(TopicPartition{"in", 1}, IsEmpty())));
}

TEST_F(PartitionRacksTest, StayWhileBrokersAreDown) {
    admin.racks = {{{"in", 0}, {"a", "b"}}};
    racks.look_up(1s);
    admin.racks = {{{"in", 0}, {"", "b"}}};
    racks.look_up(1s);
    EXPECT_THAT(*racks.known(), ElementsAre(Pair(TopicPartition{"in", 0}, ElementsAre("a", "b"))));

    admin.fails = true;
    racks.look_up(1s);
    EXPECT_THAT(*racks.known(), ElementsAre(Pair(TopicPartition{"in", 0}, ElementsAre("a", "b"))));

    admin.fails = false;
    admin.racks = {{{"in", 0}, {"b", "c"}}};
    racks.look_up(1s);
    EXPECT_THAT(*racks.known(), ElementsAre(Pair(TopicPartition{"in", 0}, ElementsAre("b", "c"))));
}

TEST_F(PartitionRacksTest, DecideWithTheRacksOfMembersWhereTasksRun) {
    admin.racks = {{{"in", 0}, {"a"}}, {{"in", 1}, {"b"}}};
    racks.look_up(1s);

    EXPECT_THAT(given_to_first({member("one", "a"), member("two", "b")}),
                ElementsAre(TopicPartition{"in", 0}));
    EXPECT_THAT(given_to_first({member("one", "b"), member("two", "a")}),
                ElementsAre(TopicPartition{"in", 1}));
    EXPECT_FALSE(probes);
}

TEST_F(PartitionRacksTest, AreNotUsedWhileARackIsUnknown) {
    const auto usual = given_to_first({member("one", "a"), member("two", "b")});
    EXPECT_TRUE(probes) << "they may be known later";

    admin.racks = {{{"in", 0}, {"a"}}, {{"in", 1}, {""}}};
    racks.look_up(1s);
    EXPECT_EQ(given_to_first({member("one", "a"), member("two", "b")}), usual);
    EXPECT_EQ(given_to_first({member("one", "b"), member("two", "a")}), usual);
    EXPECT_FALSE(probes);

    admin.racks = {{{"in", 0}, {"a"}}, {{"in", 1}, {"b"}}};
    racks.look_up(1s);
    EXPECT_EQ(given_to_first({member("one", ""), member("two", "a")}), usual);
    EXPECT_FALSE(probes);
}

}  // namespace
}  // namespace millrace::assignment
