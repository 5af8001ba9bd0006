// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <atomic>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using support::relay_topology;
using testing::BrokerFault;
using testing::BrokerOperation;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class EmbeddedFaults : public support::EmbeddedApplication {
  protected:
    ~EmbeddedFaults() override { set_log_sink({}); }

    /// Waits until a line with this text is logged.
    void expect_log(const std::string& words) {
        set_log_sink([this, words](LogLevel, std::string_view line) {
            if (line.find(words) != std::string_view::npos) {
                logged.happened();
            }
        });
    }

    /// A client that stores the message of the error that ended it.
    std::unique_ptr<KafkaStreams> failing(const Topology& topology, UncaughtDecision decision) {
        auto streams = client(topology, config());
        keep_errors(*streams, decision);
        return streams;
    }

    /// in -> throws on the value "bad" -> out.
    Topology throwing_on_bad() {
        return relay_topology([this](const support::StringRecord& record) {
            if (record.value == "bad" && fail) {
                throw std::runtime_error("bad record");
            }
            processed.happened();
        });
    }

    Events logged;
    std::atomic<bool> fail{true};
};

TEST_F(EmbeddedFaults, WaitsForABrokerThatIsDownAtTheStart) {
    create_topics(1);
    produce("a");
    broker.set_available(false);
    expect_log("not ready to join the group, retrying");
    const auto streams = counter();

    streams->start();
    ASSERT_TRUE(logged.wait_for(1)) << "says so";
    EXPECT_EQ(streams->state(), ClientState::kRebalancing);
    broker.set_available(true);

    EXPECT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "1")));
}

TEST_F(EmbeddedFaults, LosesNothingWhenTheBrokerIsDownForAWhile) {
    create_topics(1);
    const auto streams = counter();
    streams->start();
    produce("a", 2);
    ASSERT_TRUE(processed.wait_for(2));

    broker.fail_next(BrokerOperation::kCommit, BrokerFault::kTimedOut);
    broker.fail_next(BrokerOperation::kFetch, BrokerFault::kTransport);
    expect_log("cannot commit, retrying");
    produce("a", 2);
    ASSERT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(logged.wait_for(1)) << "says so";
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(TopicPartition{"in", 0}, 4)));
    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "4")));
}

TEST_F(EmbeddedFaults, RestartsFromTheLastCommitWhenItIsFenced) {
    create_topics(1);
    const auto streams = counter();
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(1));

    broker.fail_next(BrokerOperation::kCommit, BrokerFault::kFenced);
    produce("a");
    ASSERT_TRUE(processed.wait_for(3)) << "the second record, again";
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(TopicPartition{"in", 0}, 2)));
}

TEST_F(EmbeddedFaults, FailsAfterTheTaskTimeoutWhenAnOutputTopicIsMissing) {
    broker.create_topic("in", 1);
    auto with_little_patience = config();
    with_little_patience.task_timeout = 200ms;
    auto streams = client(throwing_on_bad(), with_little_patience);
    keep_errors(*streams);
    streams->start();
    produce("a");
    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_TRUE(streams->close(10s));

    EXPECT_THAT(errors(), ElementsAre(HasSubstr("topic out")));
    EXPECT_LT(processed.count(), 20) << "pauses before it tries again";
    EXPECT_THAT(broker.committed_offsets("app"), ::testing::IsEmpty()) << "nothing is lost";
}

TEST_F(EmbeddedFaults, RetriesACommitAfterARebalance) {
    create_topics(1);
    const auto streams = counter();
    streams->start();
    expect_log("cannot commit, retrying");
    broker.fail_next(BrokerOperation::kCommit, BrokerFault::kIllegalGeneration);
    broker.fail_next(BrokerOperation::kCommit, BrokerFault::kRebalanceInProgress);
    produce("a", 2);
    ASSERT_TRUE(logged.wait_for(1));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(processed.count(), 2) << "nothing is repeated";
    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(TopicPartition{"in", 0}, 2)));
}

TEST_F(EmbeddedFaults, RejoinsWhenItIsRemovedFromTheGroup) {
    create_topics(1);
    const auto streams = counter();
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    expect_log("lost its partitions");

    broker.expire_member("app", broker.members("app").at(0).member_id);
    ASSERT_TRUE(logged.wait_for(1));
    produce("b");
    ASSERT_TRUE(processed.wait_for(2));
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(table("out").size(), 2U);
}

TEST_F(EmbeddedFaults, NamesSourceTopicsThatAreMissing) {
    broker.create_topic("out", 1);
    const auto streams = failing(relay_topology(on_record), UncaughtDecision::kShutDownClient);

    streams->start();

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("source topics do not exist: in")));
}

TEST_F(EmbeddedFaults, FindsSourceTopicsThatAreCreatedLaterAfterReplacingTheThread) {
    broker.create_topic("out", 1);
    const auto streams = failing(relay_topology(on_record), UncaughtDecision::kReplaceThread);
    streams->start();
    ASSERT_TRUE(uncaught.wait_for(1));

    broker.create_topic("in", 1);
    produce("a");

    EXPECT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedFaults, RefusesAnInternalTopicWithTheWrongNumberOfPartitions) {
    create_topics(2);
    broker.create_topic("app-counts-changelog", 3);
    const auto streams = failing(counting_topology(on_record), UncaughtDecision::kShutDownClient);

    streams->start();

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("app-counts-changelog has 3"),
                                            HasSubstr("needs 2"), HasSubstr("Reset"))));
}

TEST_F(EmbeddedFaults, ShutsDownTheClientByDefault) {
    create_topics(1);
    broker.produce("in", {.key = "a", .value = "bad"});
    const auto streams = client(throwing_on_bad(), config());

    streams->start();

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(streams->close(60s)) << "may still be called";
    EXPECT_EQ(streams->state(), ClientState::kError);
    EXPECT_THAT(broker.committed_offsets("app"), ::testing::IsEmpty());
}

TEST_F(EmbeddedFaults, ReplacesAThreadAndContinuesFromTheLastCommit) {
    create_topics(1);
    broker.produce("in", {.key = "a", .value = "bad"});
    produce("b");
    const auto streams = failing(throwing_on_bad(), UncaughtDecision::kReplaceThread);
    streams->start();
    ASSERT_TRUE(uncaught.wait_for(2)) << "fails again as long as the record does";

    fail = false;
    EXPECT_TRUE(processed.wait_for(2));
    EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(table("out").size(), 2U);
}

TEST_F(EmbeddedFaults, ShutsDownAllInstancesWhenOneRequestsIt) {
    create_topics(2);
    const auto other = client(relay_topology(on_record), config("two"));
    other->start();
    ASSERT_TRUE(other->wait_for(ClientState::kRunning, 60s));
    const auto streams = failing(throwing_on_bad(), UncaughtDecision::kShutDownApplication);
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    for (Partition partition : {0, 1}) {
        broker.produce("in", {.key = "a", .value = "bad", .partition = partition});
    }

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_TRUE(other->wait_for(ClientState::kError, 60s));
}

TEST_F(EmbeddedFaults, ContinuesAtTheBeginningWhenCommittedRecordsWereDeleted) {
    create_topics(1);
    produce("a", 3);
    auto streams = client(relay_topology(on_record), config());
    streams->start();
    ASSERT_TRUE(processed.wait_for(3));
    ASSERT_TRUE(streams->close(60s));
    // The topic is created again with fewer records than were committed.
    broker.delete_topic("in");
    broker.create_topic("in", 1);
    produce("b", 1);

    streams = client(relay_topology(on_record), config());
    streams->start();

    EXPECT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(table("out"), Contains(Pair("b", "v")));
}

TEST_F(EmbeddedFaults, RebuildsDamagedFilesFromTheChangelog) {
    create_topics(1);
    produce("a", 3);
    auto streams = counter();
    streams->start();
    ASSERT_TRUE(processed.wait_for(3));
    ASSERT_TRUE(streams->close(60s));
    int damaged = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(state_dir)) {
        if (file.path().filename().string().starts_with("MANIFEST")) {
            std::filesystem::resize_file(file.path(), 10);
            ++damaged;
        }
    }
    ASSERT_EQ(damaged, 1);

    expect_log("state is damaged and will be rebuilt");
    streams = counter();
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(logged.count(), 1);
    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "4")));
}

TEST_F(EmbeddedFaults, RebuildsAStoreWhoseChangelogWasReplaced) {
    create_topics(1);
    produce("a", 3);
    auto streams = counter();
    streams->start();
    ASSERT_TRUE(processed.wait_for(3));
    ASSERT_TRUE(streams->close(60s));
    broker.delete_topic("app-counts-changelog");
    broker.create_topic("app-counts-changelog", 1, {{"cleanup.policy", "compact"}});
    broker.produce("app-counts-changelog", {.key = "a", .value = "40"});

    expect_log("rebuilding store counts");
    streams = counter();
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(logged.count(), 1);
    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "41")));
}

}  // namespace
}  // namespace millrace
