// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <stdexcept>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

/// Instances with standbys that are redeployed, fail, or lose what they read.
class EmbeddedStandbySecondDay : public support::EmbeddedApplication {
  protected:
    using Change = std::function<void(detail::StoreSpec&)>;

    StreamsConfig with_standbys(const std::string& instance, int standbys = 1) const {
        StreamsConfig with = config(instance);
        with.num_standby_replicas = standbys;
        return with;
    }

    Topology counting(const Change& change = {}) const {
        auto spec = std::make_shared<detail::TopologySpec>(counting_topology(on_record).spec());
        if (change) {
            change(spec->stores.front());
        }
        return Topology(spec);
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

    /// Two instances, which then share four tasks and their standbys.
    static bool start_both(KafkaStreams& one, KafkaStreams& two) {
        one.start();
        two.start();
        return settled(one, 2, 2) && settled(two, 2, 2);
    }

    void produce_keys(int keys) {
        for (int key = 0; key < keys; ++key) {
            produce("k" + std::to_string(key));
        }
    }

    bool counted(const std::string& count) const {
        return eventually([&] {
            const auto rows = table("out");
            return rows.size() == 20 && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
                       return row.second == count;
                   });
        });
    }

    std::int64_t committed() const {
        std::int64_t records = 0;
        for (const auto& [partition, offset] : broker.committed_offsets("app")) {
            records += offset;
        }
        return records;
    }

    /// Until `streams` has copied the changelogs.
    bool copied(const KafkaStreams& streams) const {
        return eventually([&] { return committed() > 0 && metric(streams, "standby-lag") == 0; });
    }
};

TEST_F(EmbeddedStandbySecondDay, StandbysAreTurnedOffAndOnAgainOverTheSameDirectories) {
    create_topics(4);
    std::string expected;
    for (const int standbys : {1, 0, 1}) {
        expected = std::to_string(std::stoi("0" + expected) + 1);
        const auto one = client(counting(), with_standbys("one", standbys));
        const auto two = client(counting(), with_standbys("two", standbys));
        one->start();
        two->start();
        const std::size_t each = standbys == 1 ? 2 : 0;
        ASSERT_TRUE(settled(*one, 2, each) && settled(*two, 2, each));
        produce_keys(20);
        ASSERT_TRUE(counted(expected));
        ASSERT_TRUE(one->close(60s));
        ASSERT_TRUE(settled(*two, 4, 0));
        ASSERT_TRUE(two->close(60s));
    }
}

TEST_F(EmbeddedStandbySecondDay, AStandbyWhoseDirectoryHasAnotherKindOfStoreIsCopiedAgain) {
    create_topics(4);
    {
        const auto one = client(counting(), with_standbys("one"));
        const auto two = client(counting(), with_standbys("two"));
        ASSERT_TRUE(start_both(*one, *two));
        produce_keys(20);
        ASSERT_TRUE(counted("1"));
        ASSERT_TRUE(two->close(60s));
        ASSERT_TRUE(one->close(60s));
    }
    const auto in_memory = counting([](auto& store) { store.engine = StoreEngine::kInMemory; });
    const auto one = client(in_memory, with_standbys("one"));
    const auto two = client(in_memory, with_standbys("two"));
    ASSERT_TRUE(start_both(*one, *two));
    ASSERT_TRUE(copied(*two));
    ASSERT_TRUE(one->close(60s));
    ASSERT_TRUE(settled(*two, 4, 0));
    produce_keys(20);
    EXPECT_TRUE(counted("2"));
}

/// While a topology is deployed that keeps no changelog any more, the leader still assigns
/// standbys.
TEST_F(EmbeddedStandbySecondDay, AStandbyWhoseStoreHasNoChangelogAnyMoreChangesPlaces) {
    create_topics(2);
    const auto leader = client(counting(), with_standbys("leader"));
    leader->start();
    ASSERT_TRUE(settled(*leader, 2, 0));
    const auto unlogged =
        client(counting([](auto& store) { store.logging = false; }), with_standbys("unlogged"));
    keep_errors(*unlogged);
    unlogged->start();
    ASSERT_TRUE(settled(*unlogged, 1, 1) && settled(*leader, 1, 1));
    for (int round = 0; round < 2; ++round) {
        auto third = client(counting(), with_standbys("third"));
        third->start();
        ASSERT_TRUE(eventually([&] { return tasks_of(*third) + standbys_of(*third) > 0; }));
        ASSERT_TRUE(third->close(60s));
        ASSERT_TRUE(settled(*unlogged, 1, 1) && settled(*leader, 1, 1));
    }

    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_EQ(unlogged->state(), ClientState::kRunning);
}

Topology counts_of(const std::vector<std::string>& topics) {
    StreamsBuilder builder;
    for (const std::string& topic : topics) {
        builder.stream<std::string, std::string>(topic)
            .group_by_key()
            .count({.store = "counts-of-" + topic, .caching = false})
            .to_stream()
            .map_values([](std::int64_t count) { return std::to_string(count); })
            .to("out");
    }
    return std::move(builder).build();
}

TEST_F(EmbeddedStandbySecondDay, AnInstanceWithTheOldTopologyLeavesStandbysThatItDoesNotKnow) {
    create_topics(1);
    broker.create_topic("more", 1);
    const auto changed = client(counts_of({"in", "more"}), with_standbys("changed"));
    changed->start();
    ASSERT_TRUE(settled(*changed, 2, 0));
    const auto old = client(counts_of({"in"}), with_standbys("old"));
    keep_errors(*old);
    old->start();
    ASSERT_TRUE(eventually([&] { return tasks_of(*old) + standbys_of(*old) > 0; }));
    produce("a");
    broker.produce("more", {.key = "b", .value = "v"});

    EXPECT_TRUE(eventually([&] { return table("out").size() == 2; }));
    EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(EmbeddedStandbySecondDay, AThreadThatIsReplacedGetsItsStandbysBack) {
    create_topics(4);
    std::atomic<bool> fails{false};
    const auto stays = client(counting(), with_standbys("stays"));
    const auto replaced = client(counting_topology([&](const support::StringRecord&) {
                                     if (fails.exchange(false)) {
                                         throw std::runtime_error("failure of the test");
                                     }
                                 }),
                                 with_standbys("replaced"));
    keep_errors(*replaced, UncaughtDecision::kReplaceThread);
    ASSERT_TRUE(start_both(*stays, *replaced));
    fails = true;
    produce_keys(20);
    ASSERT_TRUE(uncaught.wait_for(1));

    EXPECT_TRUE(counted("1"));
    EXPECT_TRUE(settled(*stays, 2, 2) && settled(*replaced, 2, 2));
}

TEST_F(EmbeddedStandbySecondDay, AStandbyThatBecomesTheTaskWhilePausedGoesOnWhenResumed) {
    create_topics(4);
    const auto leaves = client(counting(), with_standbys("leaves"));
    const auto stays = client(counting(), with_standbys("stays"));
    ASSERT_TRUE(start_both(*leaves, *stays));
    stays->pause();
    produce_keys(20);
    ASSERT_TRUE(eventually([&] { return committed() > 0; }));
    ASSERT_TRUE(leaves->close(60s));
    ASSERT_TRUE(eventually([&] { return tasks_of(*stays) == 4; }));

    stays->resume();
    EXPECT_TRUE(counted("1"));
    produce_keys(20);
    EXPECT_TRUE(counted("2"));
}

TEST_F(EmbeddedStandbySecondDay, AClientClosesWhileItsStandbysBecomeTasks) {
    create_topics(4);
    const auto leaves = client(counting(), with_standbys("leaves"));
    auto stays = client(counting(), with_standbys("stays"));
    ASSERT_TRUE(start_both(*leaves, *stays));
    produce_keys(20);
    ASSERT_TRUE(counted("1"));
    stays->pause();  // They do not read their tails.
    ASSERT_TRUE(leaves->close(60s));
    ASSERT_TRUE(eventually([&] { return tasks_of(*stays) == 4; }));
    ASSERT_TRUE(stays->close(60s));
    stays = client(counting(), with_standbys("stays"));
    stays->start();
    ASSERT_TRUE(settled(*stays, 4, 0));

    produce_keys(20);
    EXPECT_TRUE(counted("2"));
}

TEST_F(EmbeddedStandbySecondDay, ThreadsThatComeAndGoTakeTheirStandbysAlong) {
    create_topics(4);
    const auto one = client(counting(), with_standbys("one"));
    const auto two = client(counting(), with_standbys("two"));
    ASSERT_TRUE(start_both(*one, *two));
    ASSERT_TRUE(two->add_stream_thread());
    ASSERT_TRUE(two->add_stream_thread());
    ASSERT_TRUE(eventually([&] { return tasks_of(*two) == 3 && standbys_of(*two) == 1; }));
    produce_keys(20);
    ASSERT_TRUE(counted("1"));
    ASSERT_TRUE(two->remove_stream_thread(60s));
    ASSERT_TRUE(two->remove_stream_thread(60s));
    ASSERT_TRUE(settled(*one, 2, 2) && settled(*two, 2, 2));

    produce_keys(20);
    EXPECT_TRUE(counted("2"));
}

TEST_F(EmbeddedStandbySecondDay, AStoreOfStandbysOnlyIsRefusedToQueries) {
    create_topics(1);
    const auto runs = client(counts_of({"in"}), with_standbys("runs", 3));
    const auto keeps = client(counts_of({"in"}), with_standbys("keeps", 3));
    runs->start();
    ASSERT_TRUE(settled(*runs, 1, 0));
    keeps->start();
    ASSERT_TRUE(eventually([&] { return standbys_of(*keeps) == 1; }));
    produce("a");
    ASSERT_TRUE(eventually([&] { return table("out").size() == 1; }));

    const auto query = [&] {
        keeps->store<ReadOnlyKeyValueStore<std::string, std::int64_t>>("counts-of-in").get("a");
    };
    EXPECT_THAT(query, ThrowsMessage<StateError>(HasSubstr("other instances have all its tasks")));
}

}  // namespace
}  // namespace millrace
