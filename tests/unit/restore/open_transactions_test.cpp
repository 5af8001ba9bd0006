// SPDX-License-Identifier: Apache-2.0

// Restores that wait for open transactions in changelogs.
#include "millrace/core/logging.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "restore/restorer.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/settable_clock.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace::restore {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Restores one store in memory from the changelog "log", turn by turn.
class BlockedRestore : public ::testing::Test {
  protected:
    BlockedRestore() {
        set_log_sink([this](LogLevel, std::string_view line) {
            if (line.find("waits for an open transaction") != std::string_view::npos) {
                warnings.emplace_back(line);
            }
        });
        broker.create_topic("log", 1);
    }
    ~BlockedRestore() override { set_log_sink({}); }

    testing::EmbeddedTransaction open_transaction() {
        auto transaction = broker.begin_transaction("tx");
        transaction.produce("log", {.key = "a", .value = "open"});
        broker.produce("log", {.key = "b", .value = "1"});
        return transaction;
    }

    void add() {
        restorer.add(this, kTask, stores, {{.store = 0, .name = "s", .changelog = {"log", 0}}},
                     [this](RestoreResult) { done = true; });
    }

    /// Longer than most restores take.
    void turns() {
        for (int turn = 0; turn < 5; ++turn) {
            restorer.run_once(clock.now());
            clock.advance(500ms);
        }
    }

    static constexpr TaskId kTask{0, 0};

    testing::EmbeddedBroker broker;
    support::SettableClock clock;
    std::unique_ptr<kafka::Admin> admin =
        broker.clients()->make_admin({{"bootstrap.servers", "embedded"}});
    metrics::Registry metrics;
    state::MemoryBudget memory{{}};
    state::TaskStores stores{{.directory = {},
                              .name = "0_0",
                              .specs = {{.name = "s", .engine = StoreEngine::kInMemory}}},
                             memory};
    Restorer restorer{{.supplier = broker.clients(),
                       .consumer_settings = {{"bootstrap.servers", "embedded"},
                                             {"auto.offset.reset", "none"},
                                             {"isolation.level", "read_committed"},
                                             {"client.id", "restore"}},
                       .admin = admin.get(),
                       .clock = &clock,
                       .metrics = &metrics,
                       .poll = 1ms}};
    std::vector<std::string> warnings;
    bool done = false;
};

TEST_F(BlockedRestore, WarnsOnceHoweverOftenTheTaskIsRestoredAgain) {
    auto transaction = open_transaction();
    for (int i = 0; i < 3; ++i) {
        add();
        turns();
        restorer.remove(this, kTask);
        clock.advance(5s);
    }

    EXPECT_THAT(warnings,
                ElementsAre(AllOf(HasSubstr("store s"), HasSubstr("changelog log-0"),
                                  HasSubstr("first offset of the transaction 0"),
                                  HasSubstr("up to offset 2"), HasSubstr("waiting for 0 s"),
                                  HasSubstr("kafka-transactions.sh find-hanging"))));
    transaction.abort();
}

TEST_F(BlockedRestore, LooksForTransactionsOnlyAfterAWhile) {
    auto transaction = open_transaction();
    add();
    restorer.run_once(clock.now());
    clock.advance(999ms);
    restorer.run_once(clock.now());
    EXPECT_THAT(warnings, IsEmpty());
    clock.advance(1ms);
    restorer.run_once(clock.now());
    EXPECT_THAT(warnings, SizeIs(1));
    transaction.abort();
}

TEST_F(BlockedRestore, RepeatsTheWarningWithTheTimeThatItHasWaited) {
    auto transaction = open_transaction();
    add();
    for (int i = 0; i < 4; ++i) {
        turns();
        clock.advance(27500ms);
    }
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("waiting for 0 s"), HasSubstr("waiting for 60 s")));

    transaction.abort();
    while (!done) {
        turns();
    }
    EXPECT_THAT(warnings, SizeIs(2));
}

TEST_F(BlockedRestore, WarnsOfEachTransaction) {
    auto first = open_transaction();
    add();
    turns();
    restorer.remove(this, kTask);
    first.abort();

    auto second = open_transaction();
    add();
    turns();

    EXPECT_THAT(warnings, ElementsAre(HasSubstr("transaction 0"), HasSubstr("transaction 3")));
    second.abort();
}

}  // namespace
}  // namespace millrace::restore
