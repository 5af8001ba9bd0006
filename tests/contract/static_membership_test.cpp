// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <memory>
#include <string>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using ::testing::SizeIs;

/// Members with group.instance.id.
class StaticMembers : public Contract {
  protected:
    std::unique_ptr<TestConsumer> make_member(const std::string& group,
                                              const std::string& instance_id,
                                              std::shared_ptr<TestAssignor> assignor = nullptr,
                                              const std::string& session_timeout = "45000") {
        kafka::ClientSettings settings{{"group.id", group},
                                       {"heartbeat.interval.ms", "100"},
                                       {"session.timeout.ms", session_timeout}};
        if (!instance_id.empty()) {
            settings.emplace("group.instance.id", instance_id);
        }
        return make_consumer(std::move(settings),
                             assignor ? assignor : std::make_shared<TestAssignor>());
    }

    /// Two members, each with one of two partitions, in a stable group.
    void share(TestConsumer& first, TestConsumer& second, const std::string& topic) {
        first.subscribe(topic);
        second.subscribe(topic);
        poll_until("one partition each", {&first, &second},
                   [&] { return first.held().size() == 1 && second.held().size() == 1; });
        // Another rebalance may be in progress, because revoked partitions have been assigned by
        // now.
        poll_until("calm", {&first, &second}, [&] {
            return first->group_metadata().generation == second->group_metadata().generation;
        });
    }

    kafka::Status commit(TestConsumer& member, const TopicPartition& partition, Offset offset) {
        const kafka::OffsetCommit commit{partition, offset, -1, {}};
        return member->commit({&commit, 1}, kTimeout);
    }
};

TEST_P(StaticMembers, GetTheirPartitionsAndUserDataBackWithoutARebalance) {
    const auto topic = create_topic(2);
    for (const bool closes : {true, false}) {
        const auto group = unique("group");
        auto fixed =
            make_member(group, "instance-1", std::make_shared<TestAssignor>(Bytes("fixed")));
        const auto other = make_member(group, "");
        share(*fixed, *other, topic);
        const auto held = fixed->held();
        const auto generation = (*other)->group_metadata().generation;
        const auto told = other->told();

        if (closes) {
            (*fixed)->close(kTimeout);
        }
        const auto again = std::make_shared<TestAssignor>(Bytes("again"));
        const auto former = std::move(fixed);
        fixed = make_member(group, "instance-1", again);
        fixed->subscribe(topic);
        poll_until("the old assignment", {fixed.get(), other.get()},
                   [&] { return fixed->held() == held; });

        EXPECT_EQ(again->assignment_user_data(), Bytes("for fixed"));
        EXPECT_EQ((*other)->group_metadata().generation, generation);
        EXPECT_EQ((*fixed)->group_metadata().generation, generation);
        EXPECT_EQ(other->told(), told);
    }
}

TEST_P(StaticMembers, FenceTheirFormerInstances) {
    const auto topic = create_topic(1);
    const auto group = unique("group");
    const auto earlier = make_member(group, "instance-1");
    earlier->subscribe(topic);
    poll_until("an assignment", {earlier.get()}, [&] { return earlier->held().size() == 1; });
    const auto later = make_member(group, "instance-1");
    later->subscribe(topic);
    poll_until("an assignment", {later.get()}, [&] { return later->held().size() == 1; });

    EXPECT_FALSE(commit(*earlier, {topic, 0}, 1).ok());
    EXPECT_TRUE(commit(*later, {topic, 0}, 2).ok());
    poll_until("the fencing", {earlier.get()},
               [&] { return earlier->has_error(ErrorCode::kFenced); });
    const TopicPartition partition{topic, 0};
    EXPECT_EQ(require_value((*later)->committed({&partition, 1}, kTimeout)).front().offset, 2);
}

TEST_P(StaticMembers, LeaveTheGroupWhenTheyUnsubscribe) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto fixed = make_member(group, "instance-1", nullptr, "300000");
    const auto other = make_member(group, "");
    share(*fixed, *other, topic);

    require_ok((*fixed)->unsubscribe());
    poll_until("the end of the membership", {fixed.get(), other.get()},
               [&] { return (*fixed)->group_metadata().member_id.empty(); });
    EXPECT_EQ(fixed->told().back().first, "revoked");

    poll_until("all partitions", {other.get()}, [&] { return other->held().size() == 2; });
}

TEST_P(StaticMembers, AreReplacedWhenTheyDoNotReturnWithinTheSessionTimeout) {
    const auto topic = create_topic(2);
    const auto group = unique("group");
    const auto fixed = make_member(group, "instance-1", nullptr, "6000");
    const auto other = make_member(group, "", nullptr, "6000");
    share(*fixed, *other, topic);

    (*fixed)->close(kTimeout);
    let_pass(std::chrono::milliseconds{6'100});

    poll_until("all partitions", {other.get()}, [&] { return other->held().size() == 2; });
    EXPECT_THAT(other->held(), SizeIs(2));
}

INSTANTIATE_TEST_SUITE_P(Embedded, StaticMembers, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, StaticMembers, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
