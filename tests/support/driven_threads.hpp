// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/random.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/thread/stream_thread.hpp"
#include "support/counting_topology.hpp"
#include "support/intercepted_consumers.hpp"
#include "support/settable_clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::support {

/// Stream threads of one process on an embedded broker, run round by round in the test's thread,
/// with time that the test advances. They count the keys of "in" (4 partitions) into "out", unless
/// the test sets another topology before the first thread.
class DrivenThreads : public ::testing::Test {
  protected:
    DrivenThreads()
        : folder(std::filesystem::temp_directory_path() /
                 ("millrace-test-" + random_uuid(system_random()))) {
        broker.create_topic("in", 4);
        broker.create_topic("out", 4);
        task_settings->application_id = "app";
    }
    ~DrivenThreads() override {
        threads.clear();
        shared.reset();
        std::filesystem::remove_all(folder);
    }

    /// What the client would create for the topology. Created again after the topology changes.
    struct Shared {
        Shared(DrivenThreads& test, const Topology& topology)
            : application(topology::split(topology.spec(), "app")),
              internal_topics(application, *test.admin, {}),
              start_positions(application, OffsetReset::kEarliest),
              task_maker({.application = &application,
                          .memory = &test.memory,
                          .directory = &test.directory,
                          .settings = test.task_settings,
                          .shelf = &shelf}),
              shelf({.clock = &test.clock,
                     .closed = [this](TaskId task) { task_maker.closed(task); }}) {}

        topology::ApplicationTopology application;
        runtime::InternalTopics internal_topics;
        runtime::StartPositions start_positions;
        runtime::TaskMaker task_maker;
        runtime::StoreShelf shelf;
    };

    runtime::StreamThread& add_thread() {
        if (shared == nullptr) {
            shared = std::make_unique<Shared>(*this, topology);
        }
        const std::string name = "t" + std::to_string(++made);
        settings.name = name;
        kafka::ClientSettings consumer = consumer_settings;
        consumer["group.id"] = "app";
        consumer["client.id"] = name;
        kafka::ClientSettings producer = producer_settings;
        producer["client.id"] = name + "-producer";
        runtime::StreamThread::Parts parts{.settings = settings,
                                           .supplier = clients,
                                           .consumer_settings = std::move(consumer),
                                           .producer_settings = std::move(producer),
                                           .task_settings = task_settings,
                                           .task_maker = &shared->task_maker,
                                           .start_positions = &shared->start_positions,
                                           .internal_topics = &shared->internal_topics,
                                           .restorer = &restorer,
                                           .metrics = &metrics,
                                           .clock = &clock,
                                           .paused = &paused};
        threads.push_back(std::make_unique<runtime::StreamThread>(std::move(parts)));
        return *threads.back();
    }

    void advance(std::chrono::milliseconds by) {
        clock.advance(by);
        broker.advance(by);
    }

    /// That many rounds of all threads, 10 ms apart.
    void run(int turns) {
        for (int turn = 0; turn < turns; ++turn) {
            advance(std::chrono::milliseconds{10});
            for (const auto& thread : threads) {
                thread->run_once(clock.now());
            }
            for (const auto& each : restorer.restorers()) {
                each->run_once(clock.now());
            }
            if (shared != nullptr) {
                shared->shelf.run_once(clock.now());
            }
        }
    }

    /// Rounds of all threads until `done`; false if it is not true after `limit` rounds.
    bool run_until(const std::function<bool()>& done, int limit = 1000) {
        for (int turn = 0; turn < limit && !done(); ++turn) {
            run(1);
        }
        return done();
    }

    bool run_until_running() {
        return run_until([this] {
            return std::all_of(threads.begin(), threads.end(), [](const auto& thread) {
                return thread->state() == runtime::ThreadState::kRunning;
            });
        });
    }

    void produce_keys(int keys) {
        for (int key = 0; key < keys; ++key) {
            broker.produce("in", {.key = "k" + std::to_string(key), .value = "v"});
        }
    }

    /// The last value of each key in a topic.
    std::map<std::string, std::string> table(const std::string& topic) const {
        std::map<std::string, std::string> rows;
        for (const auto& record : broker.records(topic)) {
            rows[*record.key] = *record.value;
        }
        return rows;
    }

    /// Sum of the offsets that the application has committed.
    std::int64_t committed() const {
        std::int64_t sum = 0;
        for (const auto& [partition, offset] : broker.committed_offsets("app")) {
            sum += offset;
        }
        return sum;
    }

    std::filesystem::path folder;
    testing::EmbeddedBroker broker{{.time = testing::BrokerTime::kManual}};
    SettableClock clock{timestamp_of(0)};
    metrics::Registry metrics;
    std::atomic<bool> paused{false};
    int processed = 0;
    Topology topology = counting_topology([this](const StringRecord&) { ++processed; });
    std::shared_ptr<runtime::TaskSettings> task_settings =
        std::make_shared<runtime::TaskSettings>();
    runtime::StreamThread::Settings settings{.process_id = "p",
                                             .poll = std::chrono::milliseconds{0},
                                             .commit_interval = std::chrono::milliseconds{100},
                                             .task_timeout = std::chrono::minutes{1},
                                             .request_timeout = std::chrono::milliseconds{10}};
    ConsumerFaults faults;  // Of the group's members.
    std::shared_ptr<kafka::ClientSupplier> clients =
        std::make_shared<InterceptedConsumers>(broker.clients(), faults);
    kafka::ClientSettings consumer_settings;
    kafka::ClientSettings producer_settings;
    state::MemoryBudget memory{{}};
    state::StateDirectory directory{folder, "app"};
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    restore::RestorerPool restorer{{.supplier = broker.clients(),
                                    .consumer_settings = {{"group.id", "restore"}},
                                    .admin = admin.get(),
                                    .clock = &clock,
                                    .metrics = &metrics,
                                    .poll = std::chrono::milliseconds{0}}};
    std::unique_ptr<Shared> shared;
    std::vector<std::unique_ptr<runtime::StreamThread>> threads;
    int made = 0;  // Threads, including ended ones.
};

}  // namespace millrace::support
