// SPDX-License-Identifier: Apache-2.0

// Queries of stores that are not available, not yet or no longer; and how global stores become
// ready.
#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::Events;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Text = std::string;
using Texts = ReadOnlyKeyValueStore<Text, Text>;

class EmbeddedUnreadyStores : public support::EmbeddedApplication {
  protected:
    EmbeddedUnreadyStores() { create_topics(1); }

    /// The global table "names" of the topic "names"; `on_name` is called for each of its records.
    Topology names_topology(std::function<void(const Text& key)> on_name = {}) {
        auto spec = std::make_shared<detail::TopologySpec>();
        topology::SpecBuilder builder(*spec);
        const auto keep = [on_name](support::LambdaNode& node,
                                    const support::StringRecord& record) {
            dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "names"))
                .put(record.key, record.value);
            if (on_name) {
                on_name(Text(record.key));
            }
        };
        builder.add_global_store(
            {.name = "names", .logging = false}, support::source_spec("names-source", {"names"}),
            support::lambda_spec("names-update", {"names-source"}, {.process = keep}));
        builder.add_node(support::source_spec("source", {"in"}));
        builder.add_node(support::lambda_spec(
            "end", {"source"}, {.process = [this](auto&, const auto&) { processed.happened(); }}));
        return Topology(spec);
    }

    void name(const std::string& key, int count = 1) {
        for (int i = 0; i < count; ++i) {
            broker.produce("names", {.key = key, .value = "v"});
        }
    }
};

TEST_F(EmbeddedUnreadyStores, CannotBeQueriedDuringARestoreWhichWaitsWhileTheClientIsPaused) {
    produce("a", 3);
    auto streams = counter();
    streams->start();
    ASSERT_TRUE(processed.wait_for(3));
    ASSERT_TRUE(streams->close(60s));
    std::filesystem::remove_all(state_dir);

    streams = counter();
    streams->pause();
    streams->start();
    while (tasks_of(*streams) == 0) {
        std::this_thread::yield();
    }
    const auto counts = streams->store<Texts>("counts");
    const auto get = [&] { counts.get("a"); };
    EXPECT_THAT(get, ThrowsMessage<StateError>(HasSubstr(
                         "cannot be queried while it is being restored: counts, task 0_0")));
    EXPECT_EQ(metric(*streams, "restore-records-total"), 0);

    streams->resume();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_EQ(counts.get("a"), "3");
    EXPECT_EQ(metric(*streams, "restore-records-total"), 3);
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedUnreadyStores, CannotBeQueriedByAThreadOfTheirOwnClient) {
    std::unique_ptr<KafkaStreams> streams;
    std::string refused;
    const auto query = [&](const support::StringRecord&) {
        try {
            streams->store<Texts>("counts").get("a");
        } catch (const StateError& error) {
            refused = error.what();
        }
        processed.happened();
    };
    streams = client(support::counting_topology(query), config());
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(refused, HasSubstr("by a thread of its own client: counts"));
}

TEST_F(EmbeddedUnreadyStores, ThatAreGlobalCannotBeQueriedAfterTheEndOfTheirClient) {
    broker.create_topic("names", 1);
    name("a");
    for (const bool fails : {false, true}) {
        std::atomic<bool> failing{false};
        auto streams = client(names_topology([&](const Text&) {
                                  if (failing) {
                                      throw std::runtime_error("no more names");
                                  }
                              }),
                              config());
        keep_errors(*streams);
        streams->start();
        const auto names = streams->store<Texts>("names");
        EXPECT_EQ(names.get("a"), "v");
        if (fails) {
            failing = true;
            name("b");
            ASSERT_TRUE(streams->wait_for(ClientState::kError, 60s));
        }
        EXPECT_TRUE(streams->close(60s));

        EXPECT_THAT([&] { names.get("a"); }, ThrowsMessage<StateError>(HasSubstr("closed")));
        EXPECT_THROW(names.all(), StateError);
        EXPECT_THROW(names.approximate_num_entries(), StateError);
        EXPECT_THROW(streams->store<Texts>("names"), StateError);
    }
}

TEST_F(EmbeddedUnreadyStores, ThatAreGlobalCannotBeQueriedBeforeTheyAreRead) {
    broker.create_topic("names", 1);
    name("a");
    const auto streams = client(names_topology(), config());
    const auto names = streams->store<Texts>("names");

    EXPECT_THAT([&] { names.get("a"); },
                ThrowsMessage<StateError>(HasSubstr("before start() has read its topic")));
    streams->start();
    EXPECT_EQ(names.get("a"), "v");
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedUnreadyStores, ThatAreGlobalCanBeReadBetweenTheRecordsOfABatch) {
    broker.create_topic("names", 1);
    name("before");
    constexpr int kRecords = 4000;
    Events first;
    Events all_sent;
    std::atomic<bool> asking{false};
    std::atomic<bool> answered{false};
    bool answered_before_the_last = false;
    const auto streams = client(names_topology([&](const Text& key) {
                                    if (key == "first") {
                                        first.happened();
                                        all_sent.wait_for(1);
                                    } else if (key == "many") {
                                        while (!asking) {
                                            std::this_thread::yield();
                                        }
                                        std::this_thread::yield();
                                    } else if (key == "last") {
                                        answered_before_the_last = answered;
                                        processed.happened();
                                    }
                                }),
                                config());
    streams->start();
    const auto names = streams->store<Texts>("names");
    name("first");
    ASSERT_TRUE(first.wait_for(1));
    name("many", kRecords);
    name("last");
    all_sent.happened();

    asking = true;
    EXPECT_EQ(names.get("before"), "v");
    answered = true;
    ASSERT_TRUE(processed.wait_for(1));
    EXPECT_TRUE(answered_before_the_last);
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedUnreadyStores, ThatAreGlobalMayTakeLongerThanTheTaskTimeoutWhileTheyMakeProgress) {
    broker.create_topic("names", 1);
    name("slow");
    name("a", 9000);
    Events never;
    auto hasty = config();
    hasty.task_timeout = 300ms;
    const auto streams = client(names_topology([&](const Text& key) {
                                    if (key == "slow") {
                                        never.wait_for_no_longer_than(400ms);
                                    }
                                }),
                                hasty);
    EXPECT_NO_THROW(streams->start());
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedUnreadyStores, ThatAreGlobalFailTheStartWithoutProgress) {
    broker.create_topic("names", 1);
    broker.set_available(false);
    auto hasty = config();
    hasty.task_timeout = 100ms;
    const auto streams = client(names_topology(), hasty);

    EXPECT_THAT([&] { streams->start(); },
                ThrowsMessage<KafkaError>(HasSubstr("no progress within task.timeout.ms = 100")));
    EXPECT_EQ(streams->state(), ClientState::kError);
    EXPECT_NO_THROW(client(names_topology(), hasty)) << "the directory is free";
}

TEST_F(EmbeddedUnreadyStores, ThatAreGlobalCallTheRestoreListener) {
    broker.create_topic("names", 1);
    name("a", 3);
    const auto streams = client(names_topology(), config());
    std::vector<std::string> heard;
    std::int64_t records = 0;
    streams->set_state_restore_listener(
        {.on_restore_start =
             [&](const TopicPartition& from, const Text& store, Offset start, Offset end) {
                 heard.push_back("start " + store + " " + to_string(from) + " " +
                                 std::to_string(start) + " to " + std::to_string(end));
             },
         .on_batch_restored = [&](const auto&, const Text&, Offset,
                                  std::int64_t batch) { records += batch; },
         .on_restore_end =
             [&](const auto&, const Text& store, std::int64_t total) {
                 heard.push_back("end " + store + " " + std::to_string(total));
             }});
    streams->start();

    EXPECT_THAT(heard, ElementsAre("start names names-0 0 to 3", "end names 3"));
    EXPECT_EQ(records, 3);
    EXPECT_TRUE(streams->close(60s));
}

}  // namespace
}  // namespace millrace
