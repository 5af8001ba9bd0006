// SPDX-License-Identifier: Apache-2.0

// Whole stream threads, several of them, driven turn by turn in this one thread with time standing
// still unless told.
#include "runtime/stream_thread.hpp"

#include "core/random.hpp"
#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/counting_topology.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::StringRecord;
using testing::BrokerFault;
using testing::BrokerOperation;
using testing::BrokerTime;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

class StreamThreadTest : public ::testing::Test {
  protected:
    StreamThreadTest()
        : folder(std::filesystem::temp_directory_path() /
                 ("millrace-test-" + random_uuid(system_random()))) {
        broker.create_topic("in", 4);
        broker.create_topic("out", 4);
        task_settings->application_id = "app";
    }
    ~StreamThreadTest() override {
        threads.clear();
        std::filesystem::remove_all(folder);
    }

    StreamThread& add_thread() {
        const std::string name = "t" + std::to_string(threads.size() + 1);
        StreamThread::Parts parts{.settings = {.name = name,
                                               .process_id = "p",
                                               .poll = 0ms,
                                               .commit_interval = 100ms,
                                               .task_timeout = 1min,
                                               .request_timeout = 10ms},
                                  .supplier = broker.clients(),
                                  .consumer_settings = {{"group.id", "app"}, {"client.id", name}},
                                  .producer_settings = {},
                                  .task_settings = task_settings,
                                  .task_maker = &task_maker,
                                  .start_positions = &start_positions,
                                  .internal_topics = &internal_topics,
                                  .restorer = &restorer,
                                  .metrics = &metrics,
                                  .clock = &clock,
                                  .paused = &paused};
        threads.push_back(std::make_unique<StreamThread>(std::move(parts)));
        return *threads.back();
    }

    /// So many turns of everybody, 10 ms apart.
    void run(int turns) {
        for (int turn = 0; turn < turns; ++turn) {
            clock.advance(10ms);
            broker.advance(10ms);
            for (const auto& thread : threads) {
                thread->run_once(clock.now());
            }
            restorer.run_once(0ms);
        }
    }

    void produce_keys(int keys) {
        for (int key = 0; key < keys; ++key) {
            broker.produce("in", {.key = "k" + std::to_string(key), .value = "v"});
        }
    }

    std::map<std::string, std::string> table(const std::string& topic) const {
        std::map<std::string, std::string> rows;
        for (const auto& record : broker.records(topic)) {
            rows[*record.key] = *record.value;
        }
        return rows;
    }

    std::filesystem::path folder;
    testing::EmbeddedBroker broker{{.time = BrokerTime::kManual}};
    ManualClock clock;
    metrics::Registry metrics;
    std::atomic<bool> paused{false};
    int processed = 0;
    Topology topology = counting_topology([this](const StringRecord&) { ++processed; });
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    std::shared_ptr<TaskSettings> task_settings = std::make_shared<TaskSettings>();
    state::StateMemory memory{{}};
    state::StateDirectory directory{folder, "app"};
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    InternalTopics internal_topics{application, *admin, {}};
    StartPositions start_positions{application, OffsetReset::kEarliest};
    TaskMaker task_maker{{.application = &application,
                          .memory = &memory,
                          .directory = &directory,
                          .settings = task_settings}};
    restore::Restorer restorer{{.supplier = broker.clients(),
                                .consumer_settings = {{"group.id", "restore"}},
                                .admin = admin.get(),
                                .clock = &clock,
                                .metrics = &metrics}};
    std::vector<std::unique_ptr<StreamThread>> threads;
};

TEST_F(StreamThreadTest, RunsInTheThreadThatCallsIt) {
    StreamThread& thread = add_thread();
    produce_keys(8);

    run(60);

    EXPECT_EQ(thread.state(), ThreadState::kRunning);
    EXPECT_EQ(processed, 8);
    EXPECT_THAT(table("out"), Each(Pair(::testing::_, "1")));
}

TEST_F(StreamThreadTest, CommitsOnTheIntervalAndNotBefore) {
    add_thread();
    run(60);
    broker.produce("in", {.key = "k", .value = "v", .partition = 0});
    const auto committed = [this] {
        const auto offsets = broker.committed_offsets("app");
        const auto found = offsets.find({"in", 0});
        return found == offsets.end() ? 0 : found->second;
    };

    // Whatever the phase of the interval: the commit comes within ten turns, and with a second
    // record right after it, not before nine more.
    int turns = 0;
    while (committed() == 0 && turns < 20) {
        run(1);
        ++turns;
    }
    EXPECT_LE(turns, 11);
    broker.produce("in", {.key = "k", .value = "v", .partition = 0});
    run(8);
    EXPECT_EQ(committed(), 1);
    run(4);
    EXPECT_EQ(committed(), 2);
}

TEST_F(StreamThreadTest, ShareTasksWithAThreadThatComesAndTakesThemBack) {
    StreamThread& first = add_thread();
    produce_keys(8);
    run(60);
    StreamThread& second = add_thread();
    run(100);
    EXPECT_EQ(first.metadata().tasks.size(), 2U);
    EXPECT_EQ(second.metadata().tasks.size(), 2U);

    produce_keys(8);
    run(30);
    second.close(1s);
    threads.pop_back();
    run(100);
    produce_keys(8);
    run(30);

    EXPECT_EQ(first.metadata().tasks.size(), 4U);
    EXPECT_EQ(processed, 24) << "nothing twice";
    EXPECT_THAT(table("out"), Each(Pair(::testing::_, "3")));
}

TEST_F(StreamThreadTest, GivesUpAfterTheTaskTimeoutWhenNothingCanBeCommitted) {
    add_thread();
    run(60);
    for (int i = 0; i < 10'000; ++i) {
        broker.fail_next(BrokerOperation::kCommit, BrokerFault::kNotReady);
    }
    produce_keys(1);

    EXPECT_THAT([this] { run(8'000); },
                ThrowsMessage<KafkaError>(HasSubstr("task.timeout.ms = 60000")));
    EXPECT_GE(clock.now(), timestamp_of(60'000));
}

TEST_F(StreamThreadTest, KeepsTryingWithinTheTaskTimeout) {
    add_thread();
    run(60);
    for (int i = 0; i < 50; ++i) {
        broker.fail_next(BrokerOperation::kCommit, BrokerFault::kNotReady);
    }
    produce_keys(4);

    run(800);

    std::int64_t committed = 0;
    for (const auto& [partition, offset] : broker.committed_offsets("app")) {
        committed += offset;
    }
    EXPECT_EQ(committed, 4);
    EXPECT_EQ(processed, 4);
}

}  // namespace
}  // namespace millrace::runtime
