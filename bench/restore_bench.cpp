// SPDX-License-Identifier: Apache-2.0

// The restore of empty RocksDB stores from 16 changelogs on the embedded broker, with one or two
// restore threads. One iteration restores all of them.
#include "core/clock.hpp"
#include "core/thread.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "restore/restorer_pool.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/temporary_directory.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::millrace::testing::EmbeddedBroker;
using restore::RestorerPool;

constexpr Partition kChangelogs = 16;
constexpr std::int64_t kRecords = 60'000;  // Of each changelog.

/// Records of 100 bytes, whose keys are in no order.
void fill(EmbeddedBroker& broker) {
    broker.create_topic("log", kChangelogs);
    const std::string value(90, 'v');
    for (Partition partition = 0; partition < kChangelogs; ++partition) {
        for (std::int64_t i = 0; i < kRecords; ++i) {
            std::string key = std::to_string(1'000'000'000 + i * 7919 % kRecords);
            broker.produce("log", {.key = std::move(key), .value = value, .partition = partition});
        }
    }
}

/// The stores of all tasks.
std::vector<std::unique_ptr<state::TaskStores>> open(const std::filesystem::path& folder,
                                                     state::MemoryBudget& memory) {
    std::vector<std::unique_ptr<state::TaskStores>> stores;
    for (Partition partition = 0; partition < kChangelogs; ++partition) {
        const std::string name = to_string(TaskId{0, partition});
        stores.push_back(std::make_unique<state::TaskStores>(
            state::TaskStores::Options{
                .directory = folder / name, .name = name, .specs = {{.name = "s"}}},
            memory));
    }
    return stores;
}

std::unique_ptr<RestorerPool> pool_of(EmbeddedBroker& broker, kafka::Admin& admin,
                                      metrics::Registry& metrics, std::int64_t threads) {
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < threads; ++i) {
        names.push_back("restore-" + std::to_string(i));
    }
    return std::make_unique<RestorerPool>(
        restore::Restorer::Parts{.supplier = broker.clients(),
                                 .consumer_settings = {{"group.id", "restore"}},
                                 .admin = &admin,
                                 .clock = &system_clock(),
                                 .metrics = &metrics,
                                 .changelogs_at_once = 4},
        names);
}

void RestoreChangelogs(benchmark::State& state) {
    EmbeddedBroker broker;
    fill(broker);
    const auto admin = broker.clients()->make_admin({});
    for (auto step : state) {
        state.PauseTiming();
        const ::millrace::testing::TemporaryDirectory folder;
        state::MemoryBudget memory{{}};
        auto stores = open(folder.path(), memory);
        metrics::Registry metrics;
        std::atomic<int> left{kChangelogs};
        std::atomic<bool> failed{false};
        {
            const auto pool = pool_of(broker, *admin, metrics, state.range(0));
            for (Partition partition = 0; partition < kChangelogs; ++partition) {
                pool->add(pool.get(), {0, partition}, *stores[static_cast<std::size_t>(partition)],
                          {{.store = 0, .name = "s", .changelog = {"log", partition}}},
                          [&](const restore::RestoreResult& result) {
                              failed = failed || result.error != nullptr;
                              --left;
                          });
            }
            std::vector<Thread> threads(pool->restorers().size());
            state.ResumeTiming();
            for (std::size_t i = 0; i < threads.size(); ++i) {
                threads[i].start([&left, restorer = pool->restorers()[i].get()] {
                    while (left > 0 && !restorer->idle()) {
                        restorer->run_once(system_clock().now());
                    }
                });
            }
            for (Thread& thread : threads) {
                thread.join();
            }
            state.PauseTiming();
        }
        if (failed || left > 0) {
            throw std::runtime_error("a store was not restored");
        }
        for (const auto& each : stores) {
            each->close();
        }
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * kChangelogs * kRecords);
}
BENCHMARK(RestoreChangelogs)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace millrace
