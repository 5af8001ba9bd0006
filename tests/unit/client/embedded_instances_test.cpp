// SPDX-License-Identifier: Apache-2.0
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using support::relay_topology;
using ::testing::ElementsAre;
using ::testing::Pair;

/// Several instances of one application.
class EmbeddedInstances : public support::EmbeddedApplication {
  protected:
    void produce_keys(int keys) {
        for (int key = 0; key < keys; ++key) {
            produce("k" + std::to_string(key));
        }
    }

    /// Waits until both instances run these numbers of tasks.
    static bool settled(const KafkaStreams& first, std::size_t first_tasks,
                        const KafkaStreams& second, std::size_t second_tasks) {
        for (int i = 0; i < 12000; ++i) {
            if (tasks_of(first) == first_tasks && tasks_of(second) == second_tasks &&
                first.state() == ClientState::kRunning && second.state() == ClientState::kRunning) {
                return true;
            }
            Events().wait_for_no_longer_than(5ms);
        }
        return false;
    }
};

TEST_F(EmbeddedInstances, ShareTheTasksAndMoveThemWhenOneCloses) {
    create_topics(4);
    produce_keys(20);
    const auto first = counter("one");
    first->start();
    ASSERT_TRUE(processed.wait_for(20));
    const auto second = counter("two");
    second->start();
    ASSERT_TRUE(settled(*first, 2, *second, 2));

    produce_keys(20);
    ASSERT_TRUE(processed.wait_for(40));
    ASSERT_TRUE(first->close(60s));
    produce_keys(20);
    ASSERT_TRUE(processed.wait_for(60));
    ASSERT_TRUE(second->close(60s));

    EXPECT_EQ(processed.count(), 60) << "nothing is processed twice when all close in order";
    for (const auto& [key, count] : table("out")) {
        EXPECT_EQ(count, "3") << key;
    }
    EXPECT_EQ(table("out").size(), 20U);
}

TEST_F(EmbeddedInstances, LoseNothingWhenOneDiesWithoutClosing) {
    create_topics(2);
    StreamsConfig never_commits = config("one");
    never_commits.commit_interval = 1h;
    auto first = client(counting_topology(on_record), never_commits);
    first->start();
    produce_keys(20);
    ASSERT_TRUE(processed.wait_for(20));

    first.reset();  // Like a crash: no commit, no message to the group.
    for (const auto& member : broker.members("app")) {
        broker.expire_member("app", member.member_id);
    }
    const auto second = counter("one");
    second->start();
    ASSERT_TRUE(processed.wait_for(40)) << "what was not committed is processed again";
    ASSERT_TRUE(second->close(60s));

    EXPECT_EQ(table("out").size(), 20U);
    for (const auto& [key, count] : table("out")) {
        EXPECT_GE(std::stoi(count), 1) << key;
    }
}

TEST_F(EmbeddedInstances, GetTheTasksOfAThreadThatFailedBeforeItsSessionExpires) {
    create_topics(2);
    StreamsConfig patient = config("one");
    patient.set("consumer.session.timeout.ms", "1800000");
    const auto first = client(counting_topology([&](const auto& record) {
                                  processed.happened();
                                  if (record.key == "bad") {
                                      throw std::runtime_error("bad record");
                                  }
                              }),
                              patient);
    keep_errors(*first);
    first->start();
    produce("bad");
    ASSERT_TRUE(uncaught.wait_for(1));
    ASSERT_TRUE(first->wait_for(ClientState::kError, 60s));

    const auto second = counter("two");
    second->start();
    ASSERT_TRUE(processed.wait_for(2)) << "the group does not wait for a member that has failed";
    ASSERT_TRUE(second->close(60s));
    EXPECT_EQ(table("out").size(), 1U);
}

TEST_F(EmbeddedInstances, SpreadTasksOverThreadsThatStartAndEnd) {
    create_topics(4);
    const auto streams = client(relay_topology(on_record), config());
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    const auto added = streams->add_stream_thread();
    ASSERT_TRUE(added.has_value());
    produce_keys(20);
    ASSERT_TRUE(processed.wait_for(20));
    const auto removed = streams->remove_stream_thread(60s);
    EXPECT_EQ(removed, added);
    produce_keys(20);
    ASSERT_TRUE(processed.wait_for(40));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(broker.records("out").size(), 40U);
}

TEST_F(EmbeddedInstances, KeepStateOfBothWhenTheApplicationRestartsWithOne) {
    create_topics(2);
    produce_keys(10);
    auto first = counter("one");
    first->start();
    ASSERT_TRUE(processed.wait_for(10));
    ASSERT_TRUE(first->close(60s));

    const auto other = counter("two");  // Has no state: everything is restored from the changelog.
    other->start();
    produce_keys(10);
    ASSERT_TRUE(processed.wait_for(20));
    ASSERT_TRUE(other->close(60s));

    EXPECT_EQ(metric(*other, "restore-records-total"), 10);
    for (const auto& [key, count] : table("out")) {
        EXPECT_EQ(count, "2") << key;
    }
}

TEST_F(EmbeddedInstances, GetHalfOfEachSubTopologyWhenTheyStartLater) {
    broker.create_topic("light", 4);
    broker.create_topic("heavy", 4);
    auto spec = std::make_shared<detail::TopologySpec>();
    topology::SpecBuilder builder(*spec);
    for (const std::string topic : {"light", "heavy"}) {
        builder.add_node(support::source_spec("from-" + topic, {topic}));
        builder.add_node(support::lambda_spec("read-" + topic, {"from-" + topic}, {}));
    }
    const Topology topology(spec);
    const auto first = client(topology, config("one"));
    first->start();
    ASSERT_TRUE(first->wait_for(ClientState::kRunning, 60s));
    const auto second = client(topology, config("two"));
    second->start();
    ASSERT_TRUE(settled(*first, 4, *second, 4));

    std::map<std::int32_t, int> tasks;  // Of the second instance, by sub-topology.
    for (const auto& thread : second->metadata_for_local_threads()) {
        for (const TaskMetadata& task : thread.tasks) {
            ++tasks[task.id.sub_topology];
        }
    }
    EXPECT_THAT(tasks, ElementsAre(Pair(0, 2), Pair(1, 2)));
    EXPECT_TRUE(second->close(60s));
    EXPECT_TRUE(first->close(60s));
}

}  // namespace
}  // namespace millrace
