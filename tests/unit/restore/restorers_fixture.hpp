// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "restore/restorer_pool.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/settable_clock.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::restore {

using namespace std::chrono_literals;

/// Tasks 0_0, 0_1 and so on of one store in memory, whose changelogs are the partitions of "log".
/// Driven round by round, with time that the test advances.
class RestorersTest : public ::testing::Test {
  protected:
    static constexpr Partition kPartitions = 6;

    RestorersTest() {
        broker.create_topic("log", kPartitions);
        for (Partition partition = 0; partition < kPartitions; ++partition) {
            stores.push_back(std::make_unique<state::TaskStores>(
                state::TaskStores::Options{
                    .directory = {},
                    .name = to_string(TaskId{0, partition}),
                    .specs = {{.name = "s", .engine = StoreEngine::kInMemory}},
                    .clock = &clock},
                memory));
        }
        listener.on_batch_restored = [this](const TopicPartition& changelog, const auto&, Offset,
                                            std::int64_t records) {
            restored[changelog.partition] += records;
        };
        listener.on_restore_suspended = [this](const TopicPartition& changelog, const auto&,
                                               std::int64_t) {
            suspended.push_back(changelog.partition);
        };
    }

    /// `threads` restorers; a test may change `parts` before.
    RestorerPool& pool(int threads = 2) {
        if (pool_ == nullptr) {
            parts.listener = listener;
            std::vector<std::string> names;
            for (int i = 1; i <= threads; ++i) {
                names.push_back("r-" + std::to_string(i));
            }
            pool_ = std::make_unique<RestorerPool>(parts, names);
        }
        return *pool_;
    }

    void produce(Partition partition, int records) {
        for (int i = 0; i < records; ++i) {
            broker.produce("log", {.key = "k" + std::to_string(i % 100),
                                   .value = "v" + std::to_string(i),
                                   .partition = partition});
        }
    }

    std::vector<StoreToRestore> to_restore(Partition partition) const {
        return {{.store = 0, .name = "s", .changelog = {"log", partition}}};
    }

    RestoreMailbox mailbox() {
        return [this](const RestoreResult& result) {
            EXPECT_EQ(result.error, nullptr);
            done.push_back(result.task.partition);
        };
    }

    void add(Partition partition) {
        pool().add(this, {0, partition}, *stores.at(static_cast<std::size_t>(partition)),
                   to_restore(partition), mailbox());
    }

    void follow(Partition partition) {
        pool().follow(this, {0, partition}, *stores.at(static_cast<std::size_t>(partition)),
                      to_restore(partition), mailbox());
    }

    bool promote(Partition partition) {
        return pool().hold(this, {0, partition}) &&
               pool().promote(this, {0, partition}, &done, to_restore(partition), mailbox());
    }

    void run(int rounds = 1) {
        for (int round = 0; round < rounds; ++round) {
            clock.advance(10ms);
            broker.advance(10ms);
            for (const auto& restorer : pool().restorers()) {
                restorer->run_once(clock.now());
            }
        }
    }

    bool run_until(const std::function<bool()>& holds, int limit = 1000) {
        for (int round = 0; round < limit && !holds(); ++round) {
            run();
        }
        return holds();
    }

    /// The number of the restorer that has the task; -1: none.
    int place_of(Partition partition, const void* owner) {
        const auto& all = pool().restorers();
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i]->has(owner, {0, partition})) {
                return static_cast<int>(i);
            }
        }
        return -1;
    }
    int place_of(Partition partition) { return place_of(partition, this); }

    std::string value_of(Partition partition, const std::string& key) const {
        state::TaskStores& of_task = *stores.at(static_cast<std::size_t>(partition));
        of_task.stop_processing();  // Rows that were read are kept in memory otherwise.
        const auto value = dynamic_cast<KeyValueBytesStore&>(*of_task.store("s")).get(key);
        return value ? std::string(*value) : "none";
    }

    double metric(const std::string& name, const std::string& thread) const {
        for (const ClientMetric& each : metrics.snapshot()) {
            const auto tag = each.tags.find("thread-id");
            if (each.name == name && tag != each.tags.end() && tag->second == thread) {
                return each.value;
            }
        }
        return -1;
    }

    testing::EmbeddedBroker broker{{.time = testing::BrokerTime::kManual}};
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    support::SettableClock clock{timestamp_of(0)};
    metrics::Registry metrics;
    ProgressBoard board{clock};
    std::atomic<bool> paused{false};
    state::MemoryBudget memory{{}};
    std::vector<std::unique_ptr<state::TaskStores>> stores;
    StateRestoreListener listener;
    Restorer::Parts parts{.supplier = broker.clients(),
                          .consumer_settings = {{"group.id", "restore"}},
                          .admin = admin.get(),
                          .clock = &clock,
                          .metrics = &metrics,
                          .progress = &board,
                          .paused = &paused,
                          .poll = 0ms};
    std::map<Partition, std::int64_t> restored;
    std::vector<Partition> done;
    std::vector<Partition> suspended;

  private:
    std::unique_ptr<RestorerPool> pool_;
};

}  // namespace millrace::restore
