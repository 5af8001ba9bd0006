// SPDX-License-Identifier: Apache-2.0
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// Clients with group.instance.id.
class EmbeddedStaticMembership : public support::EmbeddedApplication {
  protected:
    std::unique_ptr<KafkaStreams> fixed(const std::string& instance, int threads = 1) const {
        StreamsConfig with = config(instance);
        with.num_stream_threads = threads;
        with.set("group.instance.id", instance);
        return client(counting_topology(on_record), with);
    }

    void produce_keys(int keys) {
        for (int key = 0; key < keys; ++key) {
            produce("k" + std::to_string(key));
        }
    }

    std::vector<std::string> instance_ids() const {
        std::vector<std::string> ids;
        for (const auto& member : broker.members("app")) {
            ids.push_back(member.group_instance_id);
        }
        return ids;
    }

    bool settled(const KafkaStreams& streams, std::size_t tasks) const {
        return eventually(
            [&] { return streams.state() == ClientState::kRunning && tasks_of(streams) == tasks; });
    }
};

TEST_F(EmbeddedStaticMembership, AppendsTheNumberOfTheThread) {
    create_topics(2);
    const auto streams = fixed("one", 2);
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    EXPECT_TRUE(eventually([&] { return instance_ids().size() == 2; }));
    EXPECT_THAT(instance_ids(), UnorderedElementsAre("one-1", "one-2"));
}

TEST_F(EmbeddedStaticMembership, OfARestartedClientKeepsItsTasksWithoutARebalance) {
    create_topics(4);
    const auto other = fixed("other");
    auto restarted = fixed("restarted");
    other->start();
    restarted->start();
    ASSERT_TRUE(settled(*other, 2) && settled(*restarted, 2));
    produce_keys(20);
    ASSERT_TRUE(processed.wait_for(20));
    const std::int32_t generation = broker.generation("app");

    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(restarted->close(60s));
        EXPECT_THAT(broker.members("app"), SizeIs(2));
        restarted = fixed("restarted");
        restarted->start();
        ASSERT_TRUE(settled(*restarted, 2));
    }
    produce_keys(20);
    ASSERT_TRUE(processed.wait_for(40));

    EXPECT_EQ(broker.generation("app"), generation);
    ASSERT_TRUE(restarted->close(60s));
    ASSERT_TRUE(other->close(60s));
    EXPECT_EQ(processed.count(), 40) << "nothing is processed twice";
    EXPECT_EQ(table("out").size(), 20U);
    for (const auto& [key, count] : table("out")) {
        EXPECT_EQ(count, "2") << key;
    }
}

TEST_F(EmbeddedStaticMembership, OfADestroyedClientKeepsItsTasksWithoutARebalance) {
    create_topics(2);
    const auto other = fixed("other");
    auto destroyed = fixed("destroyed");
    other->start();
    destroyed->start();
    ASSERT_TRUE(settled(*other, 1) && settled(*destroyed, 1));
    const std::int32_t generation = broker.generation("app");

    destroyed.reset();
    destroyed = fixed("destroyed");
    destroyed->start();
    ASSERT_TRUE(settled(*destroyed, 1));

    EXPECT_EQ(broker.generation("app"), generation);
}

TEST_F(EmbeddedStaticMembership, EndsWithTheSessionOfAClientThatDoesNotReturn) {
    create_topics(2);
    const auto stays = fixed("stays");
    const auto gone = fixed("gone");
    stays->start();
    gone->start();
    ASSERT_TRUE(settled(*stays, 1) && settled(*gone, 1));
    ASSERT_TRUE(gone->close(60s));

    for (const auto& member : broker.members("app")) {
        if (member.group_instance_id == "gone-1") {
            broker.expire_member("app", member.member_id);
        }
    }
    EXPECT_TRUE(settled(*stays, 2));
}

TEST_F(EmbeddedStaticMembership, EndsWithACloseThatLeavesTheGroup) {
    create_topics(2);
    const auto stays = fixed("stays");
    const auto leaves = fixed("leaves");
    stays->start();
    leaves->start();
    ASSERT_TRUE(settled(*stays, 1) && settled(*leaves, 1));

    ASSERT_TRUE(leaves->close({.timeout = 60s, .leave_group = true}));

    EXPECT_THAT(instance_ids(), UnorderedElementsAre("stays-1"));
    EXPECT_TRUE(settled(*stays, 2));
}

TEST_F(EmbeddedStaticMembership, OfARemovedThreadEnds) {
    create_topics(2);
    const auto streams = fixed("one", 2);
    streams->start();
    ASSERT_TRUE(eventually([&] { return instance_ids().size() == 2; }));
    ASSERT_TRUE(settled(*streams, 2));

    ASSERT_TRUE(streams->remove_stream_thread(60s));

    EXPECT_THAT(instance_ids(), UnorderedElementsAre("one-1"));
    EXPECT_TRUE(settled(*streams, 2));
    const auto added = streams->add_stream_thread();
    ASSERT_TRUE(added);
    EXPECT_TRUE(eventually([&] { return instance_ids().size() == 2; }));
    EXPECT_THAT(instance_ids(), UnorderedElementsAre("one-1", "one-2"));
}

TEST_F(EmbeddedStaticMembership, OfAReplacedThreadKeepsItsTasksWithoutARebalance) {
    create_topics(2);
    std::atomic<bool> fails{false};
    const auto other = fixed("other");
    StreamsConfig with = config("replaced");
    with.set("group.instance.id", "replaced");
    const auto replaced = client(counting_topology([&](const support::StringRecord&) {
                                     processed.happened();
                                     if (fails.exchange(false)) {
                                         throw std::runtime_error("failure of the test");
                                     }
                                 }),
                                 with);
    keep_errors(*replaced, UncaughtDecision::kReplaceThread);
    other->start();
    replaced->start();
    ASSERT_TRUE(settled(*other, 1) && settled(*replaced, 1));
    const std::int32_t generation = broker.generation("app");

    fails = true;
    produce_keys(20);
    ASSERT_TRUE(uncaught.wait_for(1));
    ASSERT_TRUE(eventually([&] {
        const auto counts = table("out");
        return counts.size() == 20 &&
               std::all_of(counts.begin(), counts.end(),
                           [](const auto& row) { return row.second == "1"; });
    }));

    EXPECT_EQ(broker.generation("app"), generation);
}

TEST_F(EmbeddedStaticMembership, OfTwoClientsWithTheSameIdBelongsToTheLater) {
    create_topics(1);
    const auto earlier = fixed("same");
    keep_errors(*earlier);
    earlier->start();
    ASSERT_TRUE(settled(*earlier, 1));
    StreamsConfig with = config("elsewhere");
    with.set("group.instance.id", "same");
    const auto later = client(counting_topology(on_record), with);
    later->start();

    EXPECT_TRUE(earlier->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(), Contains(HasSubstr("same-1")));
    EXPECT_TRUE(settled(*later, 1));
    produce("a");
    EXPECT_TRUE(processed.wait_for(1));
}

}  // namespace
}  // namespace millrace
