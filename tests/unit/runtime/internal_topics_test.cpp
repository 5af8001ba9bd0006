// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/internal_topics.hpp"

#include "kafka/client_supplier.hpp"
#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/counting_topology.hpp"
#include "support/forwarding_admin.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

class InternalTopicsTest : public ::testing::Test {
  protected:
    InternalTopics make(InternalTopics::Options options = {}) {
        return InternalTopics(application, *admin, std::move(options));
    }

    /// Calls until the topics are ready; false if they are not within a few rounds.
    bool prepared(InternalTopics& topics) {
        for (int round = 0; round < 5; ++round) {
            if (topics.prepare(100ms, reason)) {
                return true;
            }
        }
        return false;
    }

    testing::EmbeddedBroker broker;
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    Topology topology = support::counting_topology([](const auto&) {});
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    std::string reason;
};

TEST_F(InternalTopicsTest, CreateChangelogsAsLargeAsTheInputAndCompacted) {
    broker.create_topic("in", 3);
    InternalTopics topics = make();

    ASSERT_TRUE(prepared(topics));

    EXPECT_THAT(broker.topics(), Contains(Pair("app-counts-changelog", 3)));
    EXPECT_THAT(admin->topic_config("app-counts-changelog", 1s).value(),
                Contains(Pair("cleanup.policy", "compact")));
}

TEST_F(InternalTopicsTest, TakeSettingsForAllInternalTopics) {
    broker.create_topic("in", 1);
    InternalTopics topics = make({.config = {{"min.compaction.lag.ms", "5"}}});

    ASSERT_TRUE(prepared(topics));

    EXPECT_THAT(admin->topic_config("app-counts-changelog", 1s).value(),
                AllOf(Contains(Pair("min.compaction.lag.ms", "5")),
                      Contains(Pair("cleanup.policy", "compact"))));
}

TEST_F(InternalTopicsTest, AreNotAnErrorWhenAnotherInstanceCreatedThem) {
    broker.create_topic("in", 2);
    InternalTopics first = make();
    InternalTopics second = make();

    EXPECT_FALSE(first.prepare(100ms, reason)) << "looks again after creating";
    EXPECT_TRUE(second.prepare(100ms, reason));
    EXPECT_TRUE(first.prepare(100ms, reason));
}

TEST_F(InternalTopicsTest, ReportWhyTheyAreNotReadyWhenTheClusterDoesNotRespond) {
    broker.create_topic("in", 1);
    broker.set_available(false);
    InternalTopics topics = make();

    EXPECT_FALSE(topics.prepare(1ms, reason));
    EXPECT_NE(reason, "");
}

/// Responds only after the test allows it.
class SlowAdmin final : public support::ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<kafka::PartitionCounts> describe_topics(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override {
        asked.happened();
        answer.wait_for(1);
        return ForwardingAdmin::describe_topics(names, timeout);
    }

    support::Events asked;
    support::Events answer;
};

TEST_F(InternalTopicsTest, BlockNoThreadWhileAnotherOneChecks) {
    broker.create_topic("in", 1);
    broker.create_topic("app-counts-changelog", 1);
    SlowAdmin slow(*admin);
    InternalTopics topics(application, slow, {});
    bool prepared = false;
    std::thread other([&] {
        std::string why;
        prepared = topics.prepare(100ms, why);
    });
    ASSERT_TRUE(slow.asked.wait_for(1));

    EXPECT_FALSE(topics.prepare(100ms, reason));
    EXPECT_EQ(reason, "") << "nothing is wrong";

    slow.answer.happened();
    other.join();
    EXPECT_TRUE(prepared);
    EXPECT_TRUE(topics.prepare(100ms, reason));
}

TEST_F(InternalTopicsTest, NameSourceTopicsThatDoNotExist) {
    InternalTopics topics = make();

    EXPECT_THAT([&] { topics.prepare(100ms, reason); },
                ThrowsMessage<KafkaError>(HasSubstr("source topics do not exist: in")));
}

TEST_F(InternalTopicsTest, RefuseAWrongNumberOfPartitionsAndNameTheRemedy) {
    broker.create_topic("in", 2);
    broker.create_topic("app-counts-changelog", 1);
    InternalTopics topics = make();

    EXPECT_THAT([&] { topics.prepare(100ms, reason); },
                ThrowsMessage<KafkaError>(AllOf(HasSubstr("app-counts-changelog has 1"),
                                                HasSubstr("needs 2"), HasSubstr("Reset"))));
}

}  // namespace
}  // namespace millrace::runtime
