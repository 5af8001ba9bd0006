// SPDX-License-Identifier: Apache-2.0
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using ::testing::SizeIs;

struct Variant {
    StoreEngine engine;
    bool exactly_once;
};

/// A client whose threads are added and removed: tasks move between them with their open stores.
class EmbeddedOpenStores : public support::EmbeddedApplication,
                           public ::testing::WithParamInterface<Variant> {
  protected:
    std::unique_ptr<KafkaStreams> counter(const std::string& instance, int threads,
                                          int standbys = 0) {
        auto spec = std::make_shared<detail::TopologySpec>(counting_topology(on_record).spec());
        spec->stores.front().engine = GetParam().engine;
        StreamsConfig with = config(instance);
        with.num_stream_threads = threads;
        with.num_standby_replicas = standbys;
        if (GetParam().exactly_once) {
            with.processing_guarantee = ProcessingGuarantee::kExactlyOnceV2;
        }
        auto made = client(Topology(spec), with);
        made->set_state_restore_listener(
            {.on_batch_restored = [this](const auto&, const auto&, Offset, std::int64_t records) {
                restored += records;
            }});
        if (standbys > 0) {
            made->set_standby_update_listener(
                {.on_update_start = [this](
                                        const auto&, const auto&,
                                        Offset start) { copied_from_start += start == 0 ? 1 : 0; },
                 .on_batch_loaded =
                     [this](const TopicPartition& changelog, const auto&, TaskId, Offset last,
                            std::int64_t, Offset) {
                         const std::scoped_lock lock(mutex);
                         copied[changelog] = last;
                     }});
        }
        return made;
    }

    static std::size_t standbys_of(const KafkaStreams& streams) {
        std::size_t count = 0;
        for (const auto& thread : streams.metadata_for_local_threads()) {
            count += thread.standby_tasks.size();
        }
        return count;
    }

    static bool settled(const KafkaStreams& streams, std::size_t threads, std::size_t tasks,
                        std::size_t standbys = 0) {
        return eventually([&] {
            const auto now = streams.metadata_for_local_threads();
            return streams.state() == ClientState::kRunning && now.size() == threads &&
                   tasks_of(streams) == tasks && standbys_of(streams) == standbys &&
                   std::all_of(now.begin(), now.end(), [&](const auto& thread) {
                       return thread.tasks.size() == tasks / threads;
                   });
        });
    }

    static bool each_thread_has_a_task(const KafkaStreams& streams, std::size_t threads) {
        const auto now = streams.metadata_for_local_threads();
        return now.size() == threads && std::all_of(now.begin(), now.end(), [](const auto& thread) {
                   return !thread.tasks.empty();
               });
    }

    /// A client with two threads that has counted each key once, on four partitions.
    std::unique_ptr<KafkaStreams> counter_of_two_threads() {
        create_topics(4);
        auto streams = counter("one", 2);
        streams->start();
        EXPECT_TRUE(settled(*streams, 2, 4));
        EXPECT_TRUE(count_to(1));
        return streams;
    }

    bool count_to(int count) {
        for (int key = 0; key < 20; ++key) {
            produce("k" + std::to_string(key));
        }
        return eventually([&] {
            const auto rows = table("out");
            std::int64_t committed = 0;
            for (const auto& [partition, offset] : broker.committed_offsets("app")) {
                committed += offset;
            }
            return rows.size() == 20 && committed == count * std::int64_t{20} &&
                   std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
                       return row.second == std::to_string(count);
                   });
        });
    }

    /// RocksDB begins a new manifest whenever it opens a database.
    std::set<std::string> manifests(const std::string& instance) const {
        std::set<std::string> names;
        const auto folder = state_dir / instance / "app";
        if (!std::filesystem::exists(folder)) {
            return names;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.path().filename().string().starts_with("MANIFEST-")) {
                names.insert(entry.path().string());
            }
        }
        return names;
    }

    /// Whether the standbys of a client have their whole changelogs. With exactly-once, a control
    /// record is the last one.
    bool all_copied(const KafkaStreams& streams) {
        const std::scoped_lock lock(mutex);
        for (const auto& thread : streams.metadata_for_local_threads()) {
            for (const TaskMetadata& task : thread.standby_tasks) {
                const TopicPartition changelog{"app-counts-changelog", task.id.partition};
                const auto last = copied.find(changelog);
                if (last == copied.end() || last->second + 2 < broker.end_offset(changelog)) {
                    return false;
                }
            }
        }
        return true;
    }

    std::atomic<std::int64_t> restored{0};
    std::atomic<int> copied_from_start{0};
    std::mutex mutex;
    std::map<TopicPartition, Offset> copied;
};

INSTANTIATE_TEST_SUITE_P(
    Variants, EmbeddedOpenStores,
    ::testing::Values(Variant{StoreEngine::kRocksDb, false}, Variant{StoreEngine::kRocksDb, true},
                      Variant{StoreEngine::kInMemory, false},
                      Variant{StoreEngine::kInMemory, true}),
    [](const auto& variant) {
        return std::string(variant.param.engine == StoreEngine::kRocksDb ? "OnDisk" : "InMemory") +
               (variant.param.exactly_once ? "ExactlyOnce" : "AtLeastOnce");
    });

TEST_P(EmbeddedOpenStores, OfTasksChangeHandsWhenThreadsComeAndGo) {
    const auto streams = counter_of_two_threads();
    const auto opened = manifests("one");
    ASSERT_THAT(opened, SizeIs(GetParam().engine == StoreEngine::kRocksDb ? 4 : 0));

    ASSERT_TRUE(streams->remove_stream_thread(60s));
    ASSERT_TRUE(settled(*streams, 1, 4));
    ASSERT_TRUE(count_to(2));
    ASSERT_TRUE(streams->add_stream_thread());
    ASSERT_TRUE(settled(*streams, 2, 4));
    ASSERT_TRUE(count_to(3));

    EXPECT_EQ(restored, 0);
    EXPECT_EQ(manifests("one"), opened);
    ASSERT_TRUE(streams->close(60s));
}

TEST_P(EmbeddedOpenStores, OfTasksThatAreBeingRestoredChangeHands) {
    const auto streams = counter_of_two_threads();
    const auto opened = manifests("one");

    streams->pause();  // What changes hands now cannot be restored to its end.
    ASSERT_TRUE(streams->remove_stream_thread(60s));
    ASSERT_TRUE(eventually([&] { return tasks_of(*streams) == 4; }));
    ASSERT_TRUE(streams->remove_stream_thread(60s));
    ASSERT_TRUE(streams->add_stream_thread());
    ASSERT_TRUE(eventually([&] { return tasks_of(*streams) == 4; }));
    streams->resume();
    ASSERT_TRUE(settled(*streams, 1, 4));
    ASSERT_TRUE(count_to(2));

    EXPECT_EQ(restored, 0);
    EXPECT_EQ(manifests("one"), opened);
    ASSERT_TRUE(streams->close(60s));
}

TEST_P(EmbeddedOpenStores, OfStandbysChangeHandsWhenThreadsComeAndGo) {
    create_topics(4);
    const auto one = counter("one", 1, 1);
    const auto two = counter("two", 1, 1);
    one->start();
    two->start();
    ASSERT_TRUE(settled(*one, 1, 2, 2) && settled(*two, 1, 2, 2));
    ASSERT_TRUE(count_to(1));
    ASSERT_TRUE(two->add_stream_thread());
    ASSERT_TRUE(eventually([&] { return each_thread_has_a_task(*two, 2); }));
    ASSERT_TRUE(count_to(2));
    ASSERT_TRUE(eventually([&] {
        return standbys_of(*one) + standbys_of(*two) == 4 && all_copied(*one) && all_copied(*two) &&
               metric(*two, "standby-lag") == 0;
    }));
    const auto opened = manifests("two");
    copied_from_start = 0;
    restored = 0;

    ASSERT_TRUE(two->remove_stream_thread(60s));
    ASSERT_TRUE(eventually([&] { return tasks_of(*two) + standbys_of(*two) == 4; }));
    ASSERT_TRUE(count_to(3));

    EXPECT_EQ(manifests("two"), opened);
    EXPECT_EQ(copied_from_start, 0);
}

TEST_P(EmbeddedOpenStores, AreClosedWithTheClientIfNoThreadTakesThem) {
    create_topics(4);
    auto streams = counter("one", 1);
    streams->start();
    ASSERT_TRUE(settled(*streams, 1, 4));
    ASSERT_TRUE(count_to(1));
    ASSERT_TRUE(streams->remove_stream_thread(60s));
    ASSERT_TRUE(streams->close(60s));

    streams = counter("one", 1);
    streams->start();
    ASSERT_TRUE(settled(*streams, 1, 4));
    EXPECT_EQ(restored, GetParam().engine == StoreEngine::kRocksDb ? 0 : 20);
    EXPECT_TRUE(count_to(2));
}

}  // namespace
}  // namespace millrace
