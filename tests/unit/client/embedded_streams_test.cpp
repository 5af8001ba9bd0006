// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/kafka_streams.hpp"

#include "kafka/client_supplier.hpp"
#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/dsl/topology_builder.hpp"
#include "millrace/serde/string.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using support::relay_topology;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class EmbeddedStreams : public support::EmbeddedApplication {};

TEST_F(EmbeddedStreams, RelaysRecordsFromTopicToTopic) {
    create_topics(2);
    produce("a", 3);
    const auto streams = client(relay_topology(on_record), config());

    streams->start();
    ASSERT_TRUE(processed.wait_for(3));
    produce("b");
    ASSERT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_EQ(streams->state(), ClientState::kNotRunning);
    EXPECT_EQ(broker.records("out").size(), 4U);
    std::int64_t committed = 0;
    for (const auto& [partition, offset] : broker.committed_offsets("app")) {
        committed += offset;
    }
    EXPECT_EQ(committed, 4);
}

TEST_F(EmbeddedStreams, CountsWithAChangelog) {
    create_topics(1);
    produce("a", 3);
    produce("b");
    const auto streams = counter();

    streams->start();
    ASSERT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "3"), Pair("b", "1")));
    EXPECT_THAT(table("app-counts-changelog"), ElementsAre(Pair("a", "3"), Pair("b", "1")));
}

TEST_F(EmbeddedStreams, RefusesATopologyBuiltWithLessThanTheSettingsRequire) {
    StreamsConfig optimized = config();
    optimized.set("topology.optimization", "merge.repartition.topics,reuse.ktable.source.topics");
    const auto built = [&](const TopologyOptions& options) {
        StreamsBuilder builder;
        builder.table<std::string, std::string>("in").to_stream().to("out");
        return std::move(builder).build(options);
    };
    const Topology by_hand = TopologyBuilder()
                                 .add_source<std::string, std::string>("source", {"in"})
                                 .add_sink<std::string, std::string>("sink", "out", {"source"})
                                 .build();

    EXPECT_THAT([&] { client(built({.merge_repartition_topics = true}), optimized); },
                ::testing::ThrowsMessage<ConfigError>(
                    AllOf(HasSubstr("require reuse.ktable.source.topics, but"),
                          HasSubstr("topology_options()"))));
    StreamsConfig named = config();
    named.ensure_explicit_internal_resource_naming = true;
    EXPECT_THAT([&] { client(built({}), named); },
                ::testing::ThrowsMessage<ConfigError>(
                    HasSubstr("require ensure.explicit.internal.resource.naming, but")));
    EXPECT_NO_THROW(client(built(optimized.topology_options()), optimized));
    EXPECT_NO_THROW(client(built(TopologyOptions::optimized()), config()))
        << "the code may do more";
    EXPECT_NO_THROW(client(by_hand, optimized))
        << "a topology made by hand has nothing to optimise";
}

TEST_F(EmbeddedStreams, KeepsWindowChangelogsForTheAdditionalRetention) {
    create_topics(1);
    produce("a");
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(1h))
        .count({.store = "counts", .caching = false})
        .to_stream()
        .foreach ([&](const auto&, const auto&) { processed.happened(); });
    StreamsConfig longer = config();
    longer.windowstore_changelog_additional_retention = 48h;
    const auto streams = client(std::move(builder).build(), longer);
    streams->start();
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->close(60s));

    const auto admin = broker.clients()->make_admin({{"bootstrap.servers", "embedded"}});
    EXPECT_THAT(admin->topic_config("app-counts-changelog", 60s).value(),
                Contains(Pair("retention.ms", std::to_string((49h / 1ms)))));
}

TEST_F(EmbeddedStreams, ResumesWithItsStateWithoutReadingTheChangelogAgain) {
    create_topics(2);
    produce("a", 3);
    produce("b", 2);
    auto streams = counter();
    streams->start();
    ASSERT_TRUE(processed.wait_for(5));
    ASSERT_TRUE(streams->close(60s));

    streams = counter();
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(6));
    ASSERT_TRUE(streams->close(60s));

    EXPECT_EQ(metric(*streams, "restore-records-total"), 0);
    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "4"), Pair("b", "2")));
}

TEST_F(EmbeddedStreams, RebuildsDeletedStateFromTheChangelog) {
    create_topics(1);
    produce("a", 3);
    produce("b", 2);
    auto streams = counter();
    streams->start();
    ASSERT_TRUE(processed.wait_for(5));
    ASSERT_TRUE(streams->close(60s));
    std::filesystem::remove_all(state_dir);

    streams = counter();
    std::vector<std::string> heard;
    std::int64_t total = 0;
    streams->set_state_restore_listener(
        {.on_restore_start =
             [&](const auto&, const std::string& store, Offset start, Offset end) {
                 heard.push_back(store + " " + std::to_string(start) + " " + std::to_string(end));
             },
         .on_restore_end = [&](const auto&, const std::string&,
                               std::int64_t records) { total = records; }});
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(6));
    ASSERT_TRUE(streams->close(60s));

    EXPECT_THAT(heard, ElementsAre("counts 0 5"));
    EXPECT_EQ(total, 5);
    EXPECT_EQ(metric(*streams, "restore-records-total"), 5);
    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "4"), Pair("b", "2")));
}

TEST_F(EmbeddedStreams, AnswersQueriesFromTheThreadsThatOwnTheStore) {
    create_topics(2);
    produce("a", 3);
    produce("b", 2);
    StreamsConfig two_threads = config();
    two_threads.num_stream_threads = 2;
    const auto streams = client(counting_topology(on_record), two_threads);
    streams->start();
    ASSERT_TRUE(processed.wait_for(5));
    // Each thread has its task: none moves, and restores, during a query.
    const auto settled = [&] {
        const auto threads = streams->metadata_for_local_threads();
        return std::all_of(threads.begin(), threads.end(), [](const auto& thread) {
            return thread.tasks.size() == 1 && thread.tasks.front().running;
        });
    };
    while (!settled()) {
        std::this_thread::yield();
    }

    const auto counts = streams->store<ReadOnlyKeyValueStore<std::string, std::string>>("counts");

    EXPECT_EQ(counts.get("a"), "3");
    EXPECT_EQ(counts.get("nobody"), std::nullopt);
    EXPECT_THAT(counts.all(), UnorderedElementsAre(Pair("a", "3"), Pair("b", "2")));
    EXPECT_THROW((streams->store<ReadOnlyKeyValueStore<std::string, std::string>>("other")),
                 StateError);
    ASSERT_TRUE(streams->close(60s));
    EXPECT_THROW(counts.get("a"), StateError);
}

TEST_F(EmbeddedStreams, ProcessesNothingWhilePaused) {
    create_topics(1);
    const auto streams = client(relay_topology(on_record), config());
    streams->pause();
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    produce("a", 2);

    // Three polls of a thread that could have processed records.
    const double polls = metric(*streams, "poll-total");
    Events waiting;
    while (metric(*streams, "poll-total") < polls + 3) {
        streams->metadata_for_local_threads();
    }
    EXPECT_TRUE(streams->is_paused());
    EXPECT_EQ(processed.count(), 0);

    streams->resume();
    EXPECT_TRUE(processed.wait_for(2));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedStreams, RefusesASecondProcessOnTheSameStateDirectory) {
    create_topics(1);
    const auto streams = counter();

    EXPECT_THROW(counter(), StateError);
}

TEST_F(EmbeddedStreams, ReleasesTheStateDirectoryWhenClosed) {
    create_topics(1);
    const auto streams = counter();
    streams->start();
    ASSERT_TRUE(streams->close(60s));

    EXPECT_NO_THROW(counter());
}

TEST_F(EmbeddedStreams, ReportsStatesInOrder) {
    create_topics(1);
    const auto streams = counter();
    std::mutex mutex;
    std::vector<ClientState> states;
    streams->set_state_listener([&](ClientState now, ClientState) {
        const std::scoped_lock lock(mutex);
        states.push_back(now);
    });

    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    ASSERT_TRUE(streams->close(60s));
    ASSERT_TRUE(streams->close(60s)) << "closing twice is no error";

    EXPECT_THAT(states, ElementsAre(ClientState::kRebalancing, ClientState::kRunning,
                                    ClientState::kPendingShutdown, ClientState::kNotRunning));
}

TEST_F(EmbeddedStreams, RefusesToStartTwiceAndToBeChangedAfterwards) {
    create_topics(1);
    const auto streams = counter();
    streams->start();

    EXPECT_THROW(streams->start(), Error);
    EXPECT_THROW(streams->set_state_listener({}), Error);
}

TEST_F(EmbeddedStreams, ClosesWithoutAStart) {
    const auto streams = client(relay_topology(on_record), config());

    EXPECT_TRUE(streams->close(1s));
    EXPECT_EQ(streams->state(), ClientState::kNotRunning);
}

TEST_F(EmbeddedStreams, StopsWaitingForATaskThatDoesNotEnd) {
    create_topics(1);
    produce("a");
    Events entered;
    Events leave;
    const auto streams = client(relay_topology([&](const auto&) {
                                    entered.happened();
                                    leave.wait_for(1);
                                }),
                                config());
    streams->start();
    ASSERT_TRUE(entered.wait_for(1));

    EXPECT_FALSE(streams->close(10ms));
    EXPECT_EQ(streams->state(), ClientState::kPendingShutdown);

    leave.happened();
    EXPECT_TRUE(streams->close(60s));
    EXPECT_EQ(streams->state(), ClientState::kNotRunning);
}

TEST_F(EmbeddedStreams, ReadsAGlobalStoreToTheEndBeforeAnyTaskProcesses) {
    create_topics(1);
    broker.create_topic("names", 2);
    for (int i = 0; i < 50; ++i) {
        broker.produce("names", {.key = "k" + std::to_string(i), .value = "old"});
    }
    broker.produce("names", {.key = "a", .value = "Ada"});
    produce("a");
    std::mutex mutex;
    std::vector<std::string> found;
    auto spec = std::make_shared<detail::TopologySpec>();
    topology::SpecBuilder builder(*spec);
    builder.add_global_store(
        {.name = "names-store", .logging = false}, support::source_spec("names-source", {"names"}),
        support::lambda_spec(
            "names-update", {"names-source"},
            {.process = [](support::LambdaNode& node, const support::StringRecord& record) {
                dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "names-store"))
                    .put(record.key, record.value);
            }}));
    builder.add_node(support::source_spec("source", {"in"}));
    builder.add_node(support::lambda_spec(
        "join", {"source"},
        {.process = [&](support::LambdaNode& node, const support::StringRecord& record) {
            auto& names =
                dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "names-store"));
            {
                const std::scoped_lock lock(mutex);
                found.emplace_back(names.get(record.key).value_or("nobody"));
            }
            processed.happened();
        }}));
    const auto streams = client(Topology(spec), config());

    streams->start();
    ASSERT_TRUE(processed.wait_for(1));
    const auto names =
        streams->store<ReadOnlyKeyValueStore<std::string, std::string>>("names-store");
    EXPECT_EQ(names.get("a"), "Ada");
    EXPECT_EQ(names.all().size(), 51U);
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(found, ElementsAre("Ada"));
}

}  // namespace
}  // namespace millrace
