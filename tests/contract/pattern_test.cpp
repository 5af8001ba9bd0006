// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <set>
#include <string>

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Patterns : public Contract {
  protected:
    void create(const std::string& name) {
        kafka::NewTopic topic;
        topic.name = name;
        require_ok(require_value(admin().create_topics({&topic, 1}, kTimeout)).front());
    }

    /// Subscribes a member of a new group that discovers its own new topics quickly and no topics
    /// of other tests.
    std::unique_ptr<TestConsumer> subscribe(const std::string& pattern,
                                            std::shared_ptr<TestAssignor> assignor) {
        auto member = make_consumer({{"group.id", unique("group")},
                                     {"heartbeat.interval.ms", "100"},
                                     {"topic.metadata.refresh.interval.ms", "200"}},
                                    std::move(assignor));
        require_ok((*member)->subscribe({.topics = {}, .pattern = pattern}, *member));
        return member;
    }
};

TEST_P(Patterns, MatchWholeTopicNames) {
    const auto prefix = unique("pattern");
    for (const auto* suffix : {"-1", "-22", "-x", "-1-more"}) {
        create(prefix + suffix);
    }
    const auto assignor = std::make_shared<TestAssignor>();
    const auto member = subscribe(prefix + R"(-\d+)", assignor);

    poll_until("an assignment", {member.get()}, [&] { return member->held().size() >= 2; });

    EXPECT_THAT(member->held(),
                ElementsAre(TopicPartition{prefix + "-1", 0}, TopicPartition{prefix + "-22", 0}));
    EXPECT_THAT(assignor->topics_seen(),
                ElementsAre(::testing::Pair(prefix + "-1", 1), ::testing::Pair(prefix + "-22", 1)));
}

TEST_P(Patterns, MatchTopicsThatAreCreatedLater) {
    const auto prefix = unique("pattern");
    create(prefix + "-1");
    const auto member = subscribe("(" + prefix + R"(-[0-9]{1,2})|(nothing\.of\.it))",
                                  std::make_shared<TestAssignor>());
    poll_until("the first", {member.get()}, [&] { return member->held().size() == 1; });

    create(prefix + "-x");
    create(prefix + "-2");
    poll_until("the second", {member.get()}, [&] { return member->held().size() >= 2; });

    EXPECT_THAT(member->held(),
                ElementsAre(TopicPartition{prefix + "-1", 0}, TopicPartition{prefix + "-2", 0}));
}

TEST_P(Patterns, AreRefusedWhenTheyAreInvalid) {
    const auto member =
        make_consumer({{"group.id", unique("group")}}, std::make_shared<TestAssignor>());

    const auto status = (*member)->subscribe({.topics = {}, .pattern = "in-(a"}, *member);

    EXPECT_EQ(status.code(), kafka::ErrorCode::kInvalidConfig);
    EXPECT_THAT(status.message(), HasSubstr("in-(a"));
}

INSTANTIATE_TEST_SUITE_P(Embedded, Patterns, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, Patterns, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
