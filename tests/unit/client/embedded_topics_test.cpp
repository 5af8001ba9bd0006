// SPDX-License-Identifier: Apache-2.0

// Whole applications on the embedded broker whose topics grow, are deleted or are created again at
// run time.
#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"

#include <algorithm>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::StringRecord;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EmbeddedTopics : public support::EmbeddedApplication {
  protected:
    ~EmbeddedTopics() override { set_log_sink({}); }

    /// in -> app-x-repartition -> out, and "other" counted into the store "counts".
    Topology repartitioning() const {
        auto spec = std::make_shared<detail::TopologySpec>();
        topology::SpecBuilder builder(*spec);
        builder.add_repartition_topic({.name = "x-repartition"});
        builder.add_node(support::source_spec("source", {"in"}));
        auto sink = support::sink_spec("repartition-sink", {"source"}, "app-x-repartition");
        sink.topics = {"x-repartition"};  // The topology knows it without application.id.
        builder.add_node(sink);
        builder.add_node(support::source_spec("repartition-source", {"x-repartition"}));
        const auto relay = [this](support::LambdaNode& node, const StringRecord& record) {
            node.forward(record);
            on_record(record);
        };
        builder.add_node(support::lambda_spec("relay", {"repartition-source"}, {.process = relay}));
        builder.add_node(support::sink_spec("sink", {"relay"}, "out"));
        builder.add_store(support::count_store());
        builder.add_node(support::source_spec("other-source", {"other"}));
        builder.add_node(support::lambda_spec(
            "count", {"other-source"},
            {.process =
                 [](support::LambdaNode& node, const StringRecord& record) {
                     dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "counts"))
                         .put(record.key, record.value);
                 }},
            {"counts"}));
        return Topology(spec);
    }

    /// `streams`, running. Keeps its errors.
    std::unique_ptr<KafkaStreams> running(
        std::unique_ptr<KafkaStreams> streams,
        UncaughtDecision decision = UncaughtDecision::kShutDownClient) {
        keep_errors(*streams, decision);
        streams->start();
        EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
        return streams;
    }

    /// Waits, up to a minute, for a condition without an event.
};

TEST_F(EmbeddedTopics, AnInputThatGrowsUnderStatefulTasksStopsTheClientWithTheRemedy) {
    create_topics(2);
    const auto streams = running(counter());
    produce("a");
    ASSERT_TRUE(processed.wait_for(1));

    broker.add_partitions("in", 4);

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(),
                ElementsAre(AllOf(HasSubstr("app-counts-changelog has 2"), HasSubstr("needs 4"),
                                  HasSubstr("in has 4"), HasSubstr("Reset the application"))));
}

TEST_F(EmbeddedTopics, AnInputThatGrowsBeforeARepartitionTopicStopsTheClientWithTheRemedy) {
    create_topics(2);
    broker.create_topic("other", 1);
    const auto streams = running(client(repartitioning(), config()));

    broker.add_partitions("in", 3);

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("app-x-repartition has 2"),
                                            HasSubstr("needs 3"), HasSubstr("in has 3"))));
}

TEST_F(EmbeddedTopics, AnInputThatGrowsIsReadCompletelyByStatelessTasks) {
    create_topics(1);
    const auto streams = running(client(support::relay_topology(on_record), config()));

    broker.add_partitions("in", 2);
    broker.produce("in", {.key = "a", .value = "v", .partition = 1});

    EXPECT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedTopics, ASourceTopicThatIsDeletedStopsTheClientAndIsNamed) {
    create_topics(2);
    const auto streams = running(counter());
    EXPECT_EQ(metric(*streams, "failed-stream-threads"), 0);

    broker.delete_topic("in");

    EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("source topics do not exist: in")));
    EXPECT_EQ(metric(*streams, "failed-stream-threads"), 1);
}

TEST_F(EmbeddedTopics, ASourceTopicThatIsCreatedAgainIsReadByAReplacementThread) {
    create_topics(1);
    const auto streams = running(client(support::relay_topology(on_record), config()),
                                 UncaughtDecision::kReplaceThread);
    broker.delete_topic("in");
    ASSERT_TRUE(uncaught.wait_for(1));

    broker.create_topic("in", 1);
    produce("a");

    EXPECT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedTopics, ADeletedChangelogIsCreatedAgain) {
    create_topics(1);
    const auto streams = running(counter());
    produce("a");
    ASSERT_TRUE(processed.wait_for(1));

    broker.delete_topic("app-counts-changelog");
    produce("b");

    EXPECT_TRUE(eventually([this] { return broker.topics().contains("app-counts-changelog"); }));
    EXPECT_TRUE(eventually([&] { return streams->state() == ClientState::kRunning; }));
    EXPECT_TRUE(eventually([this] {
        const auto committed = broker.committed_offsets("app");
        return !committed.empty() && committed.begin()->second == 2;
    }));
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedTopics, ADeletedRepartitionTopicIsCreatedAgain) {
    create_topics(1);
    broker.create_topic("other", 1);
    const auto streams = client(repartitioning(), config());
    keep_errors(*streams);
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(1));

    broker.delete_topic("app-x-repartition");
    ASSERT_TRUE(eventually([this] { return broker.topics().contains("app-x-repartition"); }));
    produce("b");

    EXPECT_TRUE(eventually([this] { return table("out").contains("b"); }));
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedTopics, RepartitionTopicsArePurgedWhileATaskRestores) {
    create_topics(1);
    broker.create_topic("other", 1);
    broker.create_topic("app-counts-changelog", 1, {{"cleanup.policy", "compact"}});
    broker.produce("app-counts-changelog", {.key = "k", .value = "v"});
    auto with_purge = config();
    with_purge.client_id = "c";
    with_purge.restore_threads = 1;
    with_purge.repartition_purge_interval = 20ms;
    broker.disconnect("c-StateUpdater-1-restore-consumer");  // So that the restore does not finish.
    const auto streams = client(repartitioning(), with_purge);
    streams->start();
    produce("a", 3);
    ASSERT_TRUE(processed.wait_for(3));

    EXPECT_TRUE(eventually([this] { return broker.records("app-x-repartition").empty(); }));
    EXPECT_EQ(streams->state(), ClientState::kRebalancing) << "still restoring";
    broker.reconnect("c-StateUpdater-1-restore-consumer");
    EXPECT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedTopics, AMissingOutputTopicIsWaitedFor) {
    broker.create_topic("in", 1);
    support::Events missed;
    set_log_sink([&](LogLevel, std::string_view text) {
        if (text.find("cannot send to topic out") != std::string_view::npos) {
            missed.happened();
        }
    });
    const auto streams = client(support::relay_topology(on_record), config());
    keep_errors(*streams);
    streams->start();
    produce("a");
    ASSERT_TRUE(missed.wait_for(1));

    broker.create_topic("out", 1);

    EXPECT_TRUE(eventually([this] { return table("out").contains("a"); }));
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_TRUE(streams->close(60s));
    set_log_sink({});
}

TEST_F(EmbeddedTopics, APatternThatNoLongerMatchesATopicIsNotAnError) {
    create_topics(2);
    auto spec = std::make_shared<detail::TopologySpec>();
    topology::SpecBuilder builder(*spec);
    builder.add_store(support::count_store());
    auto source = support::source_spec("source", {});
    source.pattern = "in.*";
    builder.add_node(source);
    builder.add_node(
        support::lambda_spec("process", {"source"},
                             {.process = [this](support::LambdaNode&,
                                                const StringRecord& record) { on_record(record); }},
                             {"counts"}));
    const auto streams = running(client(Topology(spec), config()));

    broker.delete_topic("in");
    ASSERT_TRUE(eventually([&] { return tasks_of(*streams) == 0; }));
    broker.create_topic("in", 2);
    produce("a");

    EXPECT_TRUE(processed.wait_for(1));
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedTopics, AStoreThatStartsEmptyUnderANewNameIsReportedWithTheOldOne) {
    create_topics(1);
    auto streams = counter();
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->close(60s));
    std::mutex mutex;
    std::vector<std::string> warnings;
    set_log_sink([&](LogLevel level, std::string_view text) {
        const std::scoped_lock lock(mutex);
        if (level == LogLevel::kWarn) {
            warnings.emplace_back(text);
        }
    });

    auto spec =
        std::make_shared<detail::TopologySpec>(support::counting_topology(on_record).spec());
    spec->stores.at(0).name = "counts-2";
    for (auto& node : spec->nodes) {
        std::replace(node.stores.begin(), node.stores.end(), std::string("counts"),
                     std::string("counts-2"));
    }
    streams = client(Topology(spec), config());
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_TRUE(streams->close(60s));
    set_log_sink({});

    EXPECT_THAT(warnings,
                Contains(AllOf(HasSubstr("starts empty"),
                               HasSubstr("store counts-2 with changelog app-counts-2-changelog"),
                               HasSubstr("app-counts-changelog"))));
}

}  // namespace
}  // namespace millrace
