// SPDX-License-Identifier: Apache-2.0

// Tasks that move from one stream thread of a process to another, and tasks whose inputs change.
#include "core/random.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/thread/stream_thread.hpp"
#include "support/counting_topology.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using support::StringRecord;
using testing::BrokerTime;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

/// Counts by key in the store "counts", reading every topic that matches "in.*".
Topology counting_pattern(StoreEngine engine, std::function<void(const StringRecord&)> on_record) {
    auto spec = std::make_shared<detail::TopologySpec>();
    topology::SpecBuilder builder(*spec);
    auto store = support::count_store();
    store.engine = engine;
    builder.add_store(store);
    auto source = support::source_spec("source", {});
    source.pattern = "in.*";
    builder.add_node(source);
    const auto count = [on_record](support::LambdaNode& node, const StringRecord& record) {
        auto& counts = dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "counts"));
        const NullableBytes before = counts.get(record.key);
        const std::string now = std::to_string((before ? std::stoi(std::string(*before)) : 0) + 1);
        counts.put(record.key, now);
        node.forward(record.with_value(now));
        on_record(record);
    };
    builder.add_node(support::lambda_spec("count", {"source"}, {.process = count}, {"counts"}));
    builder.add_node(support::sink_spec("sink", {"count"}, "out"));
    return Topology(spec);
}

/// Two threads of one process, each run round by round by the test.
class TaskHandover : public ::testing::TestWithParam<StoreEngine> {
  protected:
    TaskHandover()
        : folder(std::filesystem::temp_directory_path() /
                 ("millrace-test-" + random_uuid(system_random()))),
          directory(folder, "app") {
        broker.create_topic("in1", 2);
        broker.create_topic("out", 2);
        task_settings->application_id = "app";
    }
    ~TaskHandover() override {
        threads.clear();
        std::filesystem::remove_all(folder);
    }

    StreamThread& add_thread() { return add_thread(task_maker); }

    StreamThread& add_thread(const TaskMaker& maker) {
        const std::string name = "t" + std::to_string(threads.size() + 1);
        threads.push_back(std::make_unique<StreamThread>(
            StreamThread::Parts{.settings = {.name = name,
                                             .process_id = "p",
                                             .poll = 0ms,
                                             .commit_interval = 100ms,
                                             .task_timeout = 1min,
                                             .request_timeout = 10ms},
                                .supplier = broker.clients(),
                                .consumer_settings = {{"group.id", "app"}, {"client.id", name}},
                                .producer_settings = {},
                                .task_settings = task_settings,
                                .task_maker = &maker,
                                .start_positions = &start_positions,
                                .internal_topics = &internal_topics,
                                .restorer = &restorer,
                                .metrics = &metrics,
                                .clock = &clock,
                                .paused = &paused}));
        return *threads.back();
    }

    /// Rounds of these threads, 10 ms apart, until `done`. False if it is not true after `limit`.
    bool run_until(std::vector<StreamThread*> driven, const std::function<bool()>& done,
                   int limit = 500) {
        for (int turn = 0; turn < limit && !done(); ++turn) {
            clock.advance(10ms);
            broker.advance(10ms);
            for (StreamThread* thread : driven) {
                thread->run_once(clock.now());
            }
            restorer.restorers().front()->run_once(clock.now());
        }
        return done();
    }

    static bool runs(const StreamThread& thread, std::size_t tasks) {
        const ThreadMetadata now = thread.metadata();
        return thread.state() == ThreadState::kRunning && now.tasks.size() == tasks &&
               std::all_of(now.tasks.begin(), now.tasks.end(),
                           [](const TaskMetadata& task) { return task.running; });
    }

    std::map<std::string, std::string> counts() const {
        std::map<std::string, std::string> rows;
        for (const auto& record : broker.records("out")) {
            rows[*record.key] = *record.value;
        }
        return rows;
    }

    void produce(const std::string& topic, const std::string& key, Partition partition = 0) {
        broker.produce(topic, {.key = key, .value = "v", .partition = partition});
    }

    std::filesystem::path folder;
    testing::EmbeddedBroker broker{{.time = BrokerTime::kManual}};
    ManualClock clock;
    metrics::Registry metrics;
    std::atomic<bool> paused{false};
    int processed = 0;
    Topology topology = counting_pattern(GetParam(), [this](const StringRecord&) { ++processed; });
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    std::shared_ptr<TaskSettings> task_settings = std::make_shared<TaskSettings>();
    state::MemoryBudget memory{{}};
    state::StateDirectory directory;
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    InternalTopics internal_topics{application, *admin, {}};
    StartPositions start_positions{application, OffsetReset::kEarliest};
    TaskMaker task_maker{{.application = &application,
                          .memory = &memory,
                          .directory = GetParam() == StoreEngine::kRocksDb ? &directory : nullptr,
                          .settings = task_settings}};
    restore::RestorerPool restorer{
        {.supplier = broker.clients(),
         .consumer_settings = {{"group.id", "restore"}, {"client.id", "restore"}},
         .admin = admin.get(),
         .clock = &clock,
         .metrics = &metrics,
         .poll = 0ms}};
    std::vector<std::unique_ptr<StreamThread>> threads;
};

INSTANTIATE_TEST_SUITE_P(Engines, TaskHandover,
                         ::testing::Values(StoreEngine::kRocksDb, StoreEngine::kInMemory),
                         [](const auto& engine) {
                             return engine.param == StoreEngine::kRocksDb ? "OnDisk" : "InMemory";
                         });

TEST_P(TaskHandover, WaitsForAThreadThatWasRemovedFromTheGroupToCloseItsTasks) {
    StreamThread& first = add_thread();
    StreamThread& second = add_thread();
    ASSERT_TRUE(run_until({&first, &second}, [&] { return runs(first, 1) && runs(second, 1); }));
    produce("in1", "a", 0);
    produce("in1", "b", 1);
    ASSERT_TRUE(run_until({&first, &second}, [&] { return processed == 2; }));
    ASSERT_TRUE(
        run_until({&first, &second}, [&] { return broker.committed_offsets("app").size() == 2; }));

    broker.expire_member("app", broker.members("app").at(0).member_id);
    ASSERT_FALSE(run_until({&second}, [&] { return runs(second, 2); }))
        << "the first one has not closed its task";
    EXPECT_EQ(second.state(), ThreadState::kPartitionsAssigned);

    EXPECT_TRUE(run_until({&first, &second}, [&] { return runs(first, 1) && runs(second, 1); }));
    produce("in1", "a", 0);
    produce("in1", "b", 1);
    EXPECT_TRUE(run_until({&first, &second}, [&] { return processed == 4; }));
    EXPECT_THAT(counts(), ElementsAre(Pair("a", "2"), Pair("b", "2")));
}

TEST_P(TaskHandover, WaitsForAThreadThatStillRestores) {
    produce("in1", "a", 0);
    produce("in1", "b", 1);
    StreamThread& first = add_thread();
    // Both tasks of the first thread are restoring, and neither is done.
    for (int turn = 0; turn < 20 && first.metadata().tasks.empty(); ++turn) {
        clock.advance(100ms);
        broker.advance(100ms);
        first.run_once(clock.now());
    }
    ASSERT_EQ(first.metadata().tasks.size(), 2U);
    StreamThread& second = add_thread();

    broker.expire_member("app", broker.members("app").at(0).member_id);
    ASSERT_FALSE(run_until({&second}, [&] { return runs(second, 2); }));

    EXPECT_TRUE(run_until({&first, &second}, [&] { return runs(first, 1) && runs(second, 1); }));
    EXPECT_TRUE(run_until({&first, &second}, [&] { return processed == 2; }));
}

TEST_P(TaskHandover, ARestoreEndsAlthoughItsChangelogIsDeletedAndCreatedAgain) {
    const std::string changelog = "app-counts-changelog";
    broker.create_topic(changelog, 2, {{"cleanup.policy", "compact"}});
    for (int i = 0; i < 10; ++i) {
        produce(changelog, "a", 0);
    }
    StreamThread& thread = add_thread();
    for (int turn = 0; turn < 20 && thread.metadata().tasks.empty(); ++turn) {
        clock.advance(100ms);
        broker.advance(100ms);
        thread.run_once(clock.now());
    }
    ASSERT_EQ(thread.metadata().tasks.size(), 2U);
    broker.disconnect("restore");
    restorer.restorers().front()->run_once(
        clock.now());  // Has looked up the start and end offsets, and read nothing.

    broker.delete_topic(changelog);
    broker.reconnect("restore");

    EXPECT_TRUE(run_until({&thread}, [&] { return runs(thread, 2); }, 1'000));
    EXPECT_TRUE(broker.topics().contains(changelog));
}

TEST_P(TaskHandover, ATaskThatLosesOneOfItsTopicsContinuesWithTheOthers) {
    broker.create_topic("in2", 2);
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until({&thread}, [&] { return runs(thread, 2); }));
    produce("in1", "a");
    produce("in2", "b");
    ASSERT_TRUE(run_until({&thread}, [&] { return processed == 2; }));

    broker.delete_topic("in2");
    produce("in1", "a");

    EXPECT_TRUE(run_until({&thread}, [&] { return processed == 3 && runs(thread, 2); }));
    EXPECT_THAT(counts(), Contains(Pair("a", "2")));
}

TEST_P(TaskHandover, ATaskReadsATopicAgainAfterItWasRecreated) {
    broker.create_topic("in2", 2);
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until({&thread}, [&] { return runs(thread, 2); }));
    broker.delete_topic("in2");
    ASSERT_TRUE(run_until({&thread}, [&] {
        return runs(thread, 2) && thread.metadata().tasks[0].inputs.size() == 1;
    }));

    broker.create_topic("in2", 2);
    ASSERT_TRUE(run_until({&thread}, [&] {
        return runs(thread, 2) && thread.metadata().tasks[0].inputs.size() == 2;
    }));
    produce("in1", "a");
    produce("in2", "b");

    EXPECT_TRUE(run_until({&thread}, [&] { return processed == 2; }));
}

TEST_P(TaskHandover, HasOneOwnerWhenATaskMovesAndGetsATopicInOneRebalance) {
    StreamThread& first = add_thread();
    ASSERT_TRUE(run_until({&first}, [&] { return runs(first, 2); }));
    // In another process, so that only the group keeps them apart.
    state::StateDirectory other_directory(folder / "other", "app");
    const TaskMaker other_maker{{.application = &application,
                                 .memory = &memory,
                                 .directory = &other_directory,
                                 .settings = task_settings}};
    StreamThread& second = add_thread(other_maker);
    broker.create_topic("in2", 2);

    bool twice = false;
    // The new member runs first in each round.
    const bool done = run_until({&second, &first}, [&] {
        std::map<TaskId, int> owners;
        for (const auto& thread : threads) {
            for (const TaskMetadata& task : thread->metadata().tasks) {
                twice = twice || ++owners[task.id] > 1;
            }
        }
        return runs(first, 1) && runs(second, 1) && first.metadata().tasks[0].inputs.size() == 2 &&
               second.metadata().tasks[0].inputs.size() == 2;
    });

    EXPECT_TRUE(done);
    EXPECT_FALSE(twice);
    for (const std::string topic : {"in1", "in2"}) {
        produce(topic, "a", 0);
        produce(topic, "b", 1);
    }
    EXPECT_TRUE(run_until({&first, &second}, [&] { return processed == 4; }));
    EXPECT_THAT(counts(), ElementsAre(Pair("a", "2"), Pair("b", "2")));
    threads.clear();
}

}  // namespace
}  // namespace millrace::runtime
