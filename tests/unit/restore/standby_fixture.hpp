// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/bytes_store.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "restore/restorer.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/settable_clock.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::restore {

using namespace std::chrono_literals;

/// Standbys of the store "s", whose changelog is the topic "log", driven round by round.
class StandbyTest : public ::testing::TestWithParam<StoreEngine> {
  protected:
    StandbyTest() {
        broker.create_topic("log", 1);
        open();
        standby_listener.on_update_start = [this](const auto&, const auto&, Offset from) {
            heard.push_back("start at " + std::to_string(from));
        };
        standby_listener.on_batch_loaded = [this](const auto&, const auto&, TaskId, Offset last,
                                                  std::int64_t, Offset end) {
            heard.push_back("loaded to " + std::to_string(last) + " of " + std::to_string(end));
        };
        standby_listener.on_update_suspended = [this](const auto&, const auto&, Offset last, Offset,
                                                      StandbySuspension why) {
            heard.push_back(
                (why == StandbySuspension::kPromoted ? "promoted at " : "migrated at ") +
                std::to_string(last));
        };
        listener.on_restore_start = [this](const auto&, const auto&, Offset from, Offset end) {
            heard.push_back("restore " + std::to_string(from) + " to " + std::to_string(end));
        };
        listener.on_batch_restored = [this](const auto&, const auto&, Offset, std::int64_t count) {
            restored += count;
        };
    }

    void open() {
        stores.reset();
        stores = std::make_unique<state::TaskStores>(
            state::TaskStores::Options{.directory = folder.path() / "0_0",
                                       .name = "0_0",
                                       .specs = {{.name = "s", .engine = GetParam()}},
                                       .clock = &clock},
            memory);
    }

    void produce(int records, const std::string& value = "v") {
        for (int i = 0; i < records; ++i) {
            broker.produce("log", {.key = "k" + std::to_string(i), .value = value});
        }
    }

    Restorer& restorer() {
        if (restorer_ == nullptr) {
            restorer_ = std::make_unique<Restorer>(
                Restorer::Parts{.supplier = broker.clients(),
                                .consumer_settings = {{"bootstrap.servers", "embedded"},
                                                      {"isolation.level", isolation}},
                                .admin = admin.get(),
                                .clock = &clock,
                                .listener = listener,
                                .standby_listener = standby_listener,
                                .group = "app",
                                .on_lag = [this](TaskId, std::int64_t records) { lag = records; },
                                .metrics = &metrics,
                                .paused = &paused,
                                .poll = 0ms});
        }
        return *restorer_;
    }

    std::vector<StoreToRestore> to_restore() const {
        return {{.store = 0, .name = "s", .changelog = {"log", 0}, .limit = limit}};
    }

    void follow() {
        restorer().follow(this, kTask, *stores, to_restore(),
                          [this](RestoreResult result) { failures.push_back(std::move(result)); });
    }

    void promote() {
        ASSERT_TRUE(restorer().hold(this, kTask));
        ASSERT_TRUE(restorer().promote(
            this, kTask, &results, to_restore(),
            [this](RestoreResult result) { results.push_back(std::move(result)); }));
    }

    void run(int rounds = 10) {
        for (int i = 0; i < rounds; ++i) {
            clock.advance(100ms);
            broker.advance(100ms);
            restorer().run_once(clock.now());
        }
    }

    std::string value_of(const std::string& key) {
        stores->stop_processing();  // Rows that were read are kept in memory otherwise.
        const auto value = dynamic_cast<KeyValueBytesStore&>(*stores->store("s")).get(key);
        return value ? std::string(*value) : "none";
    }

    double metric(const std::string& name) const {
        double sum = -1;
        for (const ClientMetric& each : metrics.snapshot()) {
            sum = each.name == name ? each.value : sum;
        }
        return sum;
    }

    static constexpr TaskId kTask{0, 0};

    testing::TemporaryDirectory folder;
    testing::EmbeddedBroker broker{{.time = testing::BrokerTime::kManual}};
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    support::SettableClock clock{timestamp_of(0)};
    metrics::Registry metrics;
    std::atomic<bool> paused{false};
    state::MemoryBudget memory{{}};
    std::unique_ptr<state::TaskStores> stores;
    StateRestoreListener listener;
    StandbyUpdateListener standby_listener;
    std::string isolation = "read_uncommitted";
    std::optional<Offset> limit;
    std::vector<std::string> heard;
    std::vector<RestoreResult> results;
    std::vector<RestoreResult> failures;
    std::int64_t restored = 0;
    std::int64_t lag = -1;

  private:
    std::unique_ptr<Restorer> restorer_;
};

}  // namespace millrace::restore
