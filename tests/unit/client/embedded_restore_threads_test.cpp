// SPDX-License-Identifier: Apache-2.0

// Restores on several threads, and their progress.
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using ::testing::_;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class EmbeddedRestoreThreads : public support::EmbeddedApplication {
  protected:
    static constexpr const char* kChangelog = "app-counts-changelog";

    /// A changelog of `partitions` partitions with that many rows each.
    void create_state(Partition partitions, int rows) {
        create_topics(partitions);
        broker.create_topic(kChangelog, partitions, {{"cleanup.policy", "compact"}});
        for (Partition partition = 0; partition < partitions; ++partition) {
            for (int row = 0; row < rows; ++row) {
                broker.produce(
                    kChangelog,
                    {.key = "k" + std::to_string(row), .value = "5", .partition = partition});
            }
        }
    }

    std::unique_ptr<KafkaStreams> counting(int restore_threads) const {
        StreamsConfig with = config();
        with.client_id = "c";
        with.restore_threads = restore_threads;
        return client(counting_topology(on_record), with);
    }

    void set_restorers_online(bool online) {
        for (const char* name :
             {"c-StateUpdater-1-restore-consumer", "c-StateUpdater-2-restore-consumer"}) {
            online ? broker.reconnect(name) : broker.disconnect(name);
        }
    }
};

TEST_F(EmbeddedRestoreThreads, TwoThreadsRestoreTheTasksOfAClient) {
    create_state(4, 50);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    const auto streams = counting(2);
    streams->set_state_restore_listener(
        {.on_batch_restored = [&](const auto&, const auto&, Offset, std::int64_t) {
            const std::scoped_lock lock(mutex);
            threads.insert(std::this_thread::get_id());
        }});
    set_restorers_online(false);  // Until all tasks have a thread.
    streams->start();
    ASSERT_TRUE(eventually([&] { return streams->restore_progress().size() == 4; }));
    set_restorers_online(true);
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    EXPECT_EQ(threads.size(), 2U);
    EXPECT_EQ(metric(*streams, "restore-records-total"), 200);
    std::map<std::string, double> of_thread;
    for (const ClientMetric& each : streams->metrics()) {
        if (each.name == "restore-records-total") {
            of_thread[each.tags.at("thread-id")] = each.value;
        }
    }
    EXPECT_EQ(of_thread, (std::map<std::string, double>{{"c-StateUpdater-1", 100},
                                                        {"c-StateUpdater-2", 100}}));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedRestoreThreads, ProgressIsShownWhileTasksRestore) {
    create_state(2, 50);
    const auto streams = counting(2);
    EXPECT_THAT(streams->restore_progress(), IsEmpty()) << "before the start";
    set_restorers_online(false);  // So that the restore does not finish.
    streams->start();
    ASSERT_TRUE(eventually([&] { return streams->restore_progress().size() == 2; }));
    for (Partition partition = 0; partition < 2; ++partition) {
        const RestoreProgress each = streams->restore_progress().at(partition == 0 ? 0 : 1);
        EXPECT_EQ(each, (RestoreProgress{.task = {0, partition},
                                         .store = "counts",
                                         .changelog = {kChangelog, partition},
                                         .remaining = 50}));
    }
    EXPECT_TRUE(
        eventually([&] { return metric(*streams, "restore-remaining-records-total") == 100; }));

    set_restorers_online(true);
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));
    EXPECT_THAT(streams->restore_progress(), IsEmpty());
    EXPECT_EQ(metric(*streams, "restore-remaining-records-total"), 0) << "is removed";
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(streams->restore_progress(), IsEmpty()) << "after the end";
}

TEST_F(EmbeddedRestoreThreads, AClientThatIsClosedDuringARestoreHasNoProgress) {
    create_state(2, 50);
    const auto streams = counting(2);
    set_restorers_online(false);
    streams->start();
    ASSERT_TRUE(eventually([&] { return streams->restore_progress().size() == 2; }));

    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(streams->restore_progress(), IsEmpty());
}

TEST_F(EmbeddedRestoreThreads, ALoadThatIsInterruptedByTheEndOfItsClientContinues) {
    constexpr int kRows = 40'000;
    create_state(1, kRows);
    StreamsConfig with = config();
    with.rocksdb_write_buffer_bytes = 1 << 20;
    const auto interrupted = client(counting_topology(on_record), with);
    Events half;
    interrupted->set_state_restore_listener(
        {.on_batch_restored = [&](const auto&, const auto&, Offset reached, std::int64_t) {
            if (reached > kRows / 2) {
                interrupted->pause();
                half.happened();
            }
        }});
    interrupted->start();
    ASSERT_TRUE(half.wait_for(1));
    ASSERT_TRUE(interrupted->close(60s));

    const auto streams = client(counting_topology(on_record), with);
    Offset begin = 0;
    streams->set_state_restore_listener(
        {.on_restore_start = [&](const auto&, const auto&, Offset from, Offset) { begin = from; }});
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    EXPECT_GT(begin, kRows / 4);
    EXPECT_LT(begin, kRows);
    const std::vector<std::string> keys{"k0", "k" + std::to_string(begin - 1),
                                        "k" + std::to_string(begin),
                                        "k" + std::to_string(kRows - 1)};
    for (const std::string& key : keys) {
        produce(key);
    }
    EXPECT_TRUE(eventually([&] { return table("out").size() == keys.size(); }));
    EXPECT_THAT(table("out"), Each(Pair(_, "6")));
}

TEST_F(EmbeddedRestoreThreads, ALoadWhoseThreadEndsContinues) {
    constexpr int kRows = 40'000;
    create_state(1, kRows);
    StreamsConfig with = config();
    with.rocksdb_write_buffer_bytes = 1 << 20;
    const auto streams = client(counting_topology(on_record), with);
    Events half;
    std::vector<Offset> begins;
    streams->set_state_restore_listener(
        {.on_restore_start = [&](const auto&, const auto&, Offset from,
                                 Offset) { begins.push_back(from); },
         .on_batch_restored =
             [&](const auto&, const auto&, Offset reached, std::int64_t) {
                 if (reached > kRows / 2 && begins.size() == 1) {
                     streams->pause();
                     half.happened();
                 }
             }});
    streams->start();
    ASSERT_TRUE(half.wait_for(1));
    ASSERT_TRUE(streams->remove_stream_thread(60s));
    ASSERT_TRUE(streams->add_stream_thread());
    streams->resume();
    ASSERT_TRUE(eventually([&] { return tasks_of(*streams) == 1; }));
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    const std::vector<std::string> keys{"k0", "k" + std::to_string(kRows / 2),
                                        "k" + std::to_string(kRows - 1)};
    for (const std::string& key : keys) {
        produce(key);
    }
    EXPECT_TRUE(eventually([&] { return table("out").size() == keys.size(); }));
    EXPECT_THAT(table("out"), Each(Pair(_, "6")));
    ASSERT_TRUE(streams->close(60s));
    ASSERT_THAT(begins, SizeIs(2));
    EXPECT_GT(begins[1], kRows / 4);
}

TEST_F(EmbeddedRestoreThreads, AListenerMayAskForTheProgress) {
    create_state(1, 50);
    const auto streams = counting(1);
    std::vector<RestoreProgress> seen;
    streams->set_state_restore_listener(
        {.on_batch_restored = [&](const auto&, const auto&, Offset, std::int64_t) {
            seen = streams->restore_progress();
        }});
    streams->start();
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, 60s));

    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen.front().restored, 50);
    EXPECT_EQ(seen.front().remaining, 0);
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedRestoreThreads, ProgressOfGlobalStoresIsShown) {
    create_topics(1);
    broker.create_topic("table", 1);
    for (int row = 0; row < 30; ++row) {
        broker.produce("table", {.key = "k" + std::to_string(row), .value = "v"});
    }
    StreamsBuilder builder;
    builder.global_table<std::string, std::string>("table", {.store = "global"});
    builder.stream<std::string, std::string>("in").to("out");
    const auto streams = client(std::move(builder).build(), config());
    std::vector<RestoreProgress> seen;
    streams->set_state_restore_listener(
        {.on_restore_start = [&](const auto&, const auto&, Offset, Offset) {
            seen = streams->restore_progress();
        }});
    streams->start();

    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(
        seen.front(),
        (RestoreProgress{
            .task = {-1, -1}, .store = "global", .changelog = {"table", 0}, .remaining = 30}));
    EXPECT_THAT(streams->restore_progress(), IsEmpty());
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedRestoreThreads, InvalidSettingsAreRefusedWithTheAcceptedValues) {
    create_topics(1);
    StreamsConfig with = config();
    with.restore_threads = -1;
    with.restore_buffer_max_bytes = 1000;

    EXPECT_THAT(
        [&] { client(counting_topology(on_record), with); },
        ThrowsMessage<ConfigError>(AllOf(
            HasSubstr("restore.threads = \"-1\": must be an integer from 0 to 1000"),
            HasSubstr("restore.buffer.max.bytes = \"1000\": must be an integer from 1048576"))));
}

}  // namespace
}  // namespace millrace
