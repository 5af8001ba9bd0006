// SPDX-License-Identifier: Apache-2.0
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <atomic>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;

/// Clients with one standby of each task.
class EmbeddedStandby : public support::EmbeddedApplication {
  protected:
    std::unique_ptr<KafkaStreams> with_standbys(const std::string& instance) const {
        StreamsConfig with = config(instance);
        with.num_standby_replicas = 1;
        return client(counting_topology(on_record), with);
    }

    static std::size_t standbys_of(const KafkaStreams& streams) {
        std::size_t count = 0;
        for (const auto& thread : streams.metadata_for_local_threads()) {
            count += thread.standby_tasks.size();
        }
        return count;
    }

    /// How many input records the committed offsets cover.
    std::int64_t committed() const {
        std::int64_t records = 0;
        for (const auto& [partition, offset] : broker.committed_offsets("app")) {
            records += offset;
        }
        return records;
    }

    void produce_keys(int keys) {
        for (int key = 0; key < keys; ++key) {
            produce("k" + std::to_string(key));
        }
    }
};

TEST_F(EmbeddedStandby, ReplacesAClientThatHasDiedWithoutARestore) {
    create_topics(4);
    std::atomic<std::int64_t> restored{0};
    std::atomic<int> promoted{0};
    auto dies = with_standbys("dies");
    const auto stays = with_standbys("stays");
    stays->set_state_restore_listener(
        {.on_batch_restored = [&](const auto&, const auto&, Offset, std::int64_t records) {
            restored += records;
        }});
    stays->set_standby_update_listener({.on_update_suspended = [&](const auto&, const auto&, Offset,
                                                                   Offset, StandbySuspension why) {
        promoted += why == StandbySuspension::kPromoted ? 1 : 0;
    }});
    dies->start();
    ASSERT_TRUE(dies->wait_for(ClientState::kRunning, 60s));
    stays->start();
    // The tasks move when their state has been copied.
    ASSERT_TRUE(eventually([&] {
        return tasks_of(*dies) == 2 && tasks_of(*stays) == 2 && standbys_of(*stays) == 2 &&
               stays->state() == ClientState::kRunning;
    }));
    promoted = 0;
    produce_keys(40);
    ASSERT_TRUE(processed.wait_for(40));
    // Otherwise the records would be processed again, and counted twice.
    ASSERT_TRUE(eventually([&] { return committed() == 40; }));
    const auto threads = dies->metadata_for_local_threads();
    ASSERT_TRUE(eventually([&] {
        std::size_t logged = 0;
        for (const TaskMetadata& task : threads.front().tasks) {
            const TopicPartition changelog{"app-counts-changelog", task.id.partition};
            logged += broker.records(changelog).size();
        }
        return static_cast<std::size_t>(metric(*stays, "standby-update-records-total")) == logged;
    }));

    const std::string stays_name = stays->metadata_for_local_threads().front().name;
    dies.reset();
    for (const auto& member : broker.members("app")) {
        if (!member.client_id.starts_with(stays_name)) {
            broker.expire_member("app", member.member_id);
        }
    }
    ASSERT_TRUE(eventually(
        [&] { return tasks_of(*stays) == 4 && stays->state() == ClientState::kRunning; }));
    produce_keys(40);
    ASSERT_TRUE(processed.wait_for(80));
    ASSERT_TRUE(stays->close(60s));

    EXPECT_EQ(restored, 0);
    EXPECT_EQ(promoted, 2);
    for (const auto& [key, count] : table("out")) {
        EXPECT_EQ(count, "2") << key;
    }
}

TEST_F(EmbeddedStandby, ListenersAreSetBeforeTheStart) {
    create_topics(1);
    const auto streams = with_standbys("one");
    streams->start();

    EXPECT_THROW(streams->set_standby_update_listener({}), Error);
}

}  // namespace
}  // namespace millrace
