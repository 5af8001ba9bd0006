// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using ::testing::_;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

/// Clients with standbys, several threads, failing listeners, changed topics.
class EmbeddedStandbyOwners : public support::EmbeddedApplication {
  protected:
    StreamsConfig with_standbys(const std::string& instance, int threads = 1) const {
        StreamsConfig with = config(instance);
        with.num_standby_replicas = 1;
        with.num_stream_threads = threads;
        return with;
    }

    static std::size_t standbys_of(const KafkaStreams& streams) {
        std::size_t count = 0;
        for (const auto& thread : streams.metadata_for_local_threads()) {
            count += thread.standby_tasks.size();
        }
        return count;
    }

    static bool settled(const KafkaStreams& streams, std::size_t tasks, std::size_t standbys) {
        return eventually([&] {
            return streams.state() == ClientState::kRunning && tasks_of(streams) == tasks &&
                   standbys_of(streams) == standbys;
        });
    }

    void produce_all() {
        for (int key = 0; key < 20; ++key) {
            produce("k" + std::to_string(key));
        }
    }

    bool count_to(int count) {
        produce_all();
        return eventually([&] {
            const auto rows = table("out");
            return rows.size() == 20 && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
                       return row.second == std::to_string(count);
                   });
        });
    }

    std::int64_t committed() const {
        std::int64_t sum = 0;
        for (const auto& [partition, offset] : broker.committed_offsets("app")) {
            sum += offset;
        }
        return sum;
    }
};

TEST_F(EmbeddedStandbyOwners, SeveralThreadsShareTheStandbysOfTheirClient) {
    create_topics(8);
    const auto leaves = client(counting_topology(on_record), with_standbys("leaves", 2));
    const auto stays = client(counting_topology(on_record), with_standbys("stays", 2));
    leaves->start();
    stays->start();
    ASSERT_TRUE(settled(*leaves, 4, 4) && settled(*stays, 4, 4));
    for (const auto& thread : stays->metadata_for_local_threads()) {
        EXPECT_EQ(thread.standby_tasks.size(), 2U) << thread.name;
    }
    ASSERT_TRUE(count_to(1));
    ASSERT_TRUE(leaves->close(60s));

    ASSERT_TRUE(settled(*stays, 8, 0));
    EXPECT_TRUE(count_to(2));
}

TEST_F(EmbeddedStandbyOwners, AThreadIsReplacedWhoseStandbyListenerHasFailed) {
    create_topics(4);
    std::atomic<bool> fails{true};
    const auto exactly_once = [this](const std::string& instance) {
        StreamsConfig with = with_standbys(instance);
        with.processing_guarantee = ProcessingGuarantee::kExactlyOnceV2;
        return with;
    };
    const auto one = client(counting_topology(on_record), exactly_once("one"));
    const auto two = client(counting_topology(on_record), exactly_once("two"));
    two->set_standby_update_listener(
        {.on_batch_loaded = [&](const auto&, const auto&, TaskId, Offset, std::int64_t, Offset) {
            if (fails.exchange(false)) {
                throw std::runtime_error("failure of the listener");
            }
        }});
    keep_errors(*two, UncaughtDecision::kReplaceThread);
    one->start();
    two->start();
    ASSERT_TRUE(settled(*one, 2, 2) && settled(*two, 2, 2));
    ASSERT_TRUE(count_to(1));

    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_THAT(errors(), Contains(HasSubstr("failure of the listener")));
    ASSERT_TRUE(settled(*one, 2, 2) && settled(*two, 2, 2));
    ASSERT_TRUE(eventually([&] { return committed() == 20; }));
    ASSERT_TRUE(one->close(60s));
    ASSERT_TRUE(settled(*two, 4, 0));
    EXPECT_TRUE(count_to(2));
}

TEST_F(EmbeddedStandbyOwners, StateOfStandbysIsNotRemovedAsUnused) {
    create_topics(4);
    StreamsConfig cleans = with_standbys("stays");
    cleans.state_cleanup_delay = 1ms;
    const auto leaves = client(counting_topology(on_record), with_standbys("leaves"));
    const auto stays = client(counting_topology(on_record), cleans);
    leaves->start();
    stays->start();
    ASSERT_TRUE(settled(*leaves, 2, 2) && settled(*stays, 2, 2));
    for (int round = 1; round < 6; ++round) {
        ASSERT_TRUE(count_to(round));
    }
    ASSERT_TRUE(leaves->close(60s));

    ASSERT_TRUE(settled(*stays, 4, 0));
    EXPECT_TRUE(count_to(6));
}

TEST_F(EmbeddedStandbyOwners, AChangelogThatIsDeletedIsCreatedAgainForTaskAndStandby) {
    create_topics(2);
    const auto one = client(counting_topology(on_record), with_standbys("one"));
    const auto two = client(counting_topology(on_record), with_standbys("two"));
    keep_errors(*one);
    keep_errors(*two);
    one->start();
    two->start();
    ASSERT_TRUE(settled(*one, 1, 1) && settled(*two, 1, 1));
    ASSERT_TRUE(count_to(1));
    ASSERT_TRUE(eventually([&] { return committed() == 20; }));

    broker.delete_topic("app-counts-changelog");

    produce_all();
    // If a record is sent before the topic is created again, the state begins empty.
    EXPECT_TRUE(eventually(
        [&] { return committed() == 40 && table("app-counts-changelog") == table("out"); }));
    EXPECT_THAT(table("out"), AllOf(SizeIs(20), Each(Pair(_, AnyOf("1", "2")))));
    EXPECT_TRUE(settled(*one, 1, 1) && settled(*two, 1, 1));
    EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(EmbeddedStandbyOwners, AStandbyWhoseChangelogWasTruncatedIsCopiedAgain) {
    create_topics(1);
    const auto one = client(counting_topology(on_record), with_standbys("one"));
    const auto two = client(counting_topology(on_record), with_standbys("two"));
    one->start();
    ASSERT_TRUE(settled(*one, 1, 0));
    two->start();
    ASSERT_TRUE(eventually([&] { return standbys_of(*one) + standbys_of(*two) == 1; }));
    ASSERT_TRUE(count_to(1));
    ASSERT_TRUE(eventually([&] { return committed() == 20; }));

    const TopicPartition changelog{"app-counts-changelog", 0};
    broker.truncate(changelog, broker.end_offset(changelog) / 2);
    ASSERT_TRUE(count_to(2));
    ASSERT_TRUE(eventually([&] { return committed() == 40; }));
    const auto& runs = tasks_of(*one) == 1 ? one : two;
    const auto& stays = tasks_of(*one) == 1 ? two : one;
    ASSERT_TRUE(runs->close(60s));

    ASSERT_TRUE(settled(*stays, 1, 0));
    EXPECT_TRUE(count_to(3));
}

}  // namespace
}  // namespace millrace
