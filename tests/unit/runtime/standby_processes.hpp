// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/random.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/thread/stream_thread.hpp"
#include "support/counting_topology.hpp"
#include "support/settable_clock.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::runtime {

using namespace std::chrono_literals;

/// How standbys are tested.
struct StandbyVariant {
    StoreEngine engine;
    bool exactly_once;
};

inline const auto kStandbyVariants = ::testing::Values(
    StandbyVariant{StoreEngine::kRocksDb, false}, StandbyVariant{StoreEngine::kRocksDb, true},
    StandbyVariant{StoreEngine::kInMemory, false}, StandbyVariant{StoreEngine::kInMemory, true});

inline std::string name_of_variant(const ::testing::TestParamInfo<StandbyVariant>& each) {
    return std::string(each.param.engine == StoreEngine::kRocksDb ? "OnDisk" : "InMemory") +
           (each.param.exactly_once ? "ExactlyOnce" : "AtLeastOnce");
}

/// Processes that count the keys of "in" (4 partitions) into "out", with one standby of each task,
/// unless the test sets another number before it starts them.
class StandbyTasksTest : public ::testing::TestWithParam<StandbyVariant> {
  protected:
    struct Process {
        Process(StandbyTasksTest& test, std::string id, int threads_wanted)
            : name(std::move(id)),
              directory(test.folder / name, "app"),
              shelf(
                  {.clock = &test.clock, .closed = [this](TaskId task) { maker->closed(task); }}) {
            StateRestoreListener listener;
            listener.on_batch_restored = [this](const auto&, const auto&, Offset,
                                                std::int64_t count) { restored += count; };
            StandbyUpdateListener standby_listener;
            standby_listener.on_batch_loaded = [this](const auto&, const auto&, TaskId, Offset,
                                                      std::int64_t, Offset) {
                if (on_loaded) {
                    on_loaded();
                }
            };
            standby_listener.on_update_suspended = [this](const auto&, const auto&, Offset, Offset,
                                                          StandbySuspension why) {
                (why == StandbySuspension::kPromoted ? promoted : migrated) += 1;
            };
            kafka::ClientSettings restore_settings{{"group.id", "restore"}};
            if (GetParam().exactly_once) {
                restore_settings["isolation.level"] = "read_committed";
            }
            restorer = std::make_unique<restore::RestorerPool>(restore::Restorer::Parts{
                .supplier = test.broker.clients(),
                .consumer_settings = restore_settings,
                .admin = test.admin.get(),
                .clock = &test.clock,
                .listener = listener,
                .standby_listener = standby_listener,
                .group = "app",
                .on_lag = [this](TaskId task,
                                 std::int64_t records) { maker->lags().set(task, records); },
                .metrics = &test.metrics,
                .poll = 0ms});
            maker = std::make_unique<TaskMaker>(TaskMaker::Parts{
                .application = &test.application,
                .memory = &test.memory,
                .directory = GetParam().engine == StoreEngine::kRocksDb ? &directory : nullptr,
                .settings = test.task_settings,
                .shelf = &shelf});
            for (int i = 0; i < threads_wanted; ++i) {
                add_thread(test, name + "-" + std::to_string(i + 1));
            }
        }

        void add_thread(StandbyTasksTest& test, const std::string& thread_name) {
            kafka::ClientSettings consumer{{"group.id", "app"}, {"client.id", thread_name}};
            kafka::ClientSettings producer{{"client.id", thread_name + "-producer"}};
            if (GetParam().exactly_once) {
                consumer["isolation.level"] = "read_committed";
                producer["transactional.id"] = thread_name;
                producer["enable.idempotence"] = "true";
            }
            ThreadSettings settings{.name = thread_name,
                                    .process_id = name,
                                    .poll = 0ms,
                                    .commit_interval = 100ms,
                                    .task_timeout = 1min,
                                    .request_timeout = 10ms};
            settings.assignment.standby_replicas = test.standbys;
            settings.assignment.acceptable_recovery_lag = test.acceptable_lag;
            settings.assignment.probing_interval = test.probing_interval;
            threads.push_back(std::make_unique<StreamThread>(
                StreamThread::Parts{.settings = settings,
                                    .supplier = test.broker.clients(),
                                    .consumer_settings = consumer,
                                    .producer_settings = producer,
                                    .task_settings = test.task_settings,
                                    .task_maker = maker.get(),
                                    .start_positions = &test.start_positions,
                                    .internal_topics = &test.internal_topics,
                                    .restorer = restorer.get(),
                                    .metrics = &test.metrics,
                                    .clock = &test.clock,
                                    .paused = &paused}));
        }

        std::vector<TaskId> tasks(bool standby) const {
            std::vector<TaskId> ids;
            for (const auto& thread : threads) {
                const ThreadMetadata now = thread->metadata();
                for (const TaskMetadata& task : standby ? now.standby_tasks : now.tasks) {
                    ids.push_back(task.id);
                }
            }
            std::sort(ids.begin(), ids.end());
            return ids;
        }

        bool running() const {
            return std::all_of(threads.begin(), threads.end(), [](const auto& thread) {
                return thread->state() == ThreadState::kRunning;
            });
        }

        std::string name;
        state::StateDirectory directory;
        std::atomic<bool> paused{false};
        std::function<void()> on_loaded;
        std::int64_t restored = 0;
        int promoted = 0;
        int migrated = 0;
        std::unique_ptr<TaskMaker> maker;
        StoreShelf shelf;
        std::unique_ptr<restore::RestorerPool> restorer;
        std::vector<std::unique_ptr<StreamThread>> threads;
    };

    StandbyTasksTest() {
        broker.create_topic("in", 4);
        broker.create_topic("out", 4);
        task_settings->application_id = "app";
    }
    ~StandbyTasksTest() override {
        for (const auto& process : processes) {
            process->threads.clear();
        }
        processes.clear();
        std::filesystem::remove_all(folder);
    }

    Topology make_topology() {
        auto spec = std::make_shared<detail::TopologySpec>(
            support::counting_topology([this](const support::StringRecord&) {
                ++processed;
            }).spec());
        spec->stores.front().engine = GetParam().engine;
        return Topology(spec);
    }

    Process& start(const std::string& name, int threads = 1) {
        processes.push_back(std::make_unique<Process>(*this, name, threads));
        return *processes.back();
    }

    /// Like kill -9: nothing is committed, and the group does not notice at once.
    void kill(Process& process) {
        for (const auto& thread : process.threads) {
            broker.disconnect(thread->name());
            broker.disconnect(thread->name() + "-producer");
        }
        remove(process);
    }

    void close(Process& process) {
        for (const auto& thread : process.threads) {
            thread->close(1s);
        }
        remove(process);
    }

    void remove(Process& process) {
        process.threads.clear();
        std::erase_if(processes, [&](const auto& each) { return each.get() == &process; });
    }

    void run(int rounds = 1) {
        for (int round = 0; round < rounds; ++round) {
            clock.advance(10ms);
            broker.advance(10ms);
            for (const auto& process : processes) {
                for (const auto& thread : process->threads) {
                    thread->run_once(clock.now());
                }
                for (const auto& restorer : process->restorer->restorers()) {
                    restorer->run_once(clock.now());
                }
                process->shelf.run_once(clock.now());
            }
        }
    }

    bool run_until(const std::function<bool()>& done, int limit = 8000) {
        for (int round = 0; round < limit && !done(); ++round) {
            run();
        }
        return done();
    }

    /// Every task runs once, and has its standby in another process.
    bool settled() const {
        std::vector<TaskId> active;
        std::vector<TaskId> standby;
        for (const auto& process : processes) {
            if (!process->running()) {
                return false;
            }
            for (const TaskId& id : process->tasks(false)) {
                active.push_back(id);
            }
            for (const TaskId& id : process->tasks(true)) {
                standby.push_back(id);
            }
        }
        const std::size_t copies = processes.size() > 1 ? static_cast<std::size_t>(standbys) : 0;
        return active.size() == 4 && standby.size() == 4 * copies;
    }

    bool settles() {
        return run_until([this] { return settled(); });
    }

    void produce(int keys = 20) {
        for (int key = 0; key < keys; ++key) {
            broker.produce("in", {.key = "k" + std::to_string(key), .value = "v"});
        }
        produced += 1;
    }

    std::map<std::string, std::string> counts() const {
        std::map<std::string, std::string> rows;
        for (const auto& record : broker.records("out")) {
            rows[*record.key] = *record.value;
        }
        return rows;
    }

    /// At least once: records that were not committed before a kill are counted twice.
    bool counted() const {
        const auto rows = counts();
        return rows.size() == 20 && std::all_of(rows.begin(), rows.end(), [this](const auto& row) {
                   const int count = std::stoi(row.second);
                   return count == produced || (count > produced && !GetParam().exactly_once);
               });
    }

    bool produce_and_count() {
        produce();
        return run_until([this] { return counted(); });
    }

    /// Until the standbys have what was counted.
    void let_standbys_catch_up() { run(30); }

    /// Starts the processes "one" and "two", which count that many records of each key; their
    /// standbys have caught up.
    void let_two_processes_count(int records) {
        start("one");
        start("two");
        ASSERT_TRUE(settles());
        for (int i = 0; i < records; ++i) {
            ASSERT_TRUE(produce_and_count());
        }
        let_standbys_catch_up();
    }

    /// Of two processes, the one that has more tasks.
    Process& with_more_tasks() const {
        const bool first = processes[0]->tasks(false).size() >= processes[1]->tasks(false).size();
        return *processes[first ? 0 : 1];
    }

    /// Of two processes, the other one.
    Process& other_than(const Process& process) const {
        return *processes[processes[0].get() == &process ? 1 : 0];
    }

    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("millrace-test-" + random_uuid(system_random()));
    testing::EmbeddedBroker broker{{.time = testing::BrokerTime::kManual}};
    support::SettableClock clock{timestamp_of(0)};
    metrics::Registry metrics;
    int processed = 0;
    int produced = 0;
    int standbys = 1;
    std::int64_t acceptable_lag = 10'000;
    std::chrono::milliseconds probing_interval = 1s;
    Topology topology = make_topology();
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    std::shared_ptr<TaskSettings> task_settings = std::make_shared<TaskSettings>();
    state::MemoryBudget memory{{}};
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    InternalTopics internal_topics{application, *admin, {}};
    StartPositions start_positions{application, OffsetReset::kEarliest};
    std::vector<std::unique_ptr<Process>> processes;
};

}  // namespace millrace::runtime
