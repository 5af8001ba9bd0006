// SPDX-License-Identifier: Apache-2.0
#include "restore/restorer.hpp"

#include "millrace/core/logging.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/counting_topology.hpp"
#include "support/forwarding_admin.hpp"
#include "support/intercepted_consumers.hpp"
#include "support/settable_clock.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::restore {
namespace {

using namespace std::chrono_literals;
using support::Events;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Waits or fails, if the test sets it, before it returns the start of a changelog.
class SlowAdmin final : public support::ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<std::vector<Offset>> list_offsets(std::span<const TopicPartition> partitions,
                                                    kafka::OffsetSpec spec,
                                                    kafka::Isolation isolation,
                                                    std::chrono::milliseconds timeout) override {
        if (slow) {
            asked.happened();
            EXPECT_TRUE(answer.wait_for(1));
        }
        ++requests;
        if (!refusal.ok() && partitions.size() >= refused_from) {
            return refusal;
        }
        return ForwardingAdmin::list_offsets(partitions, spec, isolation, timeout);
    }

    bool slow = false;
    kafka::Status refusal;
    std::size_t refused_from = 0;  ///< Partitions in one request.
    int requests = 0;
    Events asked;
    Events answer;
};

/// Restores one store in memory from the changelog "log", round by round.
class RestorerTest : public ::testing::Test {
  protected:
    RestorerTest() {
        broker.create_topic("log", 1);
        listener.on_restore_start = [this](const auto&, const auto&, Offset from, Offset to) {
            heard.push_back("start " + std::to_string(from) + " to " + std::to_string(to));
            paused = pause_at_start;
        };
        listener.on_batch_restored = [this](const auto&, const auto&, Offset last,
                                            std::int64_t records) {
            heard.push_back("batch to " + std::to_string(last) + " of " + std::to_string(records));
            if (on_batch) {
                on_batch();
            }
        };
        faults.woken = [this] { woken.happened(); };
        listener.on_restore_end = [this](const auto&, const auto&, std::int64_t total) {
            heard.push_back("end of " + std::to_string(total));
            if (on_end) {
                on_end();
            }
        };
        listener.on_restore_suspended = [this](const auto&, const auto&, std::int64_t total) {
            heard.push_back("suspended after " + std::to_string(total));
            if (throw_at_suspension) {
                throw std::runtime_error("not now");
            }
        };
    }

    void produce(int records) {
        for (int i = 0; i < records; ++i) {
            broker.produce("log", {.key = "k" + std::to_string(i), .value = "v"});
        }
    }

    Restorer& restorer() {
        if (restorer_ == nullptr) {
            restorer_ = std::make_unique<Restorer>(
                Restorer::Parts{.supplier = clients,
                                .consumer_settings = {{"bootstrap.servers", "embedded"},
                                                      {"auto.offset.reset", "none"},
                                                      {"client.id", "restore"}},
                                .admin = &admin,
                                .clock = clock,
                                .listener = listener,
                                .metrics = &metrics,
                                .paused = &paused,
                                .poll = 1ms});
        }
        return *restorer_;
    }

    void add() {
        restorer().add(this, kTask, stores, {{.store = 0, .name = "s", .changelog = {"log", 0}}},
                       [this](RestoreResult result) {
                           if (on_result) {
                               on_result();
                           }
                           results.push_back(std::move(result));
                       });
    }

    /// Runs rounds until `done`.
    void run_until(const std::function<bool()>& done) {
        while (!done()) {
            restorer().run_once(clock->now());
        }
    }

    static constexpr TaskId kTask{0, 0};

    testing::EmbeddedBroker broker;
    std::unique_ptr<kafka::Admin> broker_admin =
        broker.clients()->make_admin({{"bootstrap.servers", "embedded"}});
    SlowAdmin admin{*broker_admin};
    const Clock* clock = &system_clock();
    support::ConsumerFaults faults;
    Events woken;  // By add() and by remove(), when the task is cancelled.
    std::shared_ptr<kafka::ClientSupplier> clients =
        std::make_shared<support::InterceptedConsumers>(broker.clients(), faults);
    metrics::Registry metrics;
    std::atomic<bool> paused{false};
    state::MemoryBudget memory{{}};
    state::TaskStores stores{{.directory = {},
                              .name = "0_0",
                              .specs = {{.name = "s", .engine = StoreEngine::kInMemory}}},
                             memory};
    StateRestoreListener listener;
    bool pause_at_start = false;
    bool throw_at_suspension = false;
    std::function<void()> on_batch;
    std::function<void()> on_end;
    std::function<void()> on_result;
    std::vector<std::string> heard;
    std::vector<RestoreResult> results;

  private:
    std::unique_ptr<Restorer> restorer_;
};

TEST_F(RestorerTest, ReportsTheProgressOfARestoreToItsListener) {
    produce(3);
    add();
    run_until([&] { return !results.empty(); });

    EXPECT_EQ(results.front().error, nullptr);
    EXPECT_EQ(heard.front(), "start 0 to 3");
    EXPECT_EQ(heard.back(), "end of 3");
    EXPECT_GE(heard.size(), 3U) << "and of batches in between";
}

TEST_F(RestorerTest, ReportsASuspendedRestoreToItsListener) {
    produce(3);
    pause_at_start = true;
    add();
    restorer().run_once(clock->now());
    restorer().remove(this, kTask);

    EXPECT_THAT(heard, ElementsAre("start 0 to 3", "suspended after 0"));
    EXPECT_TRUE(restorer().idle());
}

TEST_F(RestorerTest, ReturnsATaskAlthoughTheListenerFails) {
    produce(3);
    pause_at_start = true;
    throw_at_suspension = true;
    add();
    restorer().run_once(clock->now());

    EXPECT_NO_THROW(restorer().remove(this, kTask));
    paused = pause_at_start = false;
    add();
    run_until([&] { return !results.empty(); });
    EXPECT_EQ(results.front().error, nullptr);
}

TEST_F(RestorerTest, ReleasesAllChangelogsOfATaskWhoseRestoreFailsAtTheEndOfOne) {
    broker.create_topic("other", 1);
    produce(1);
    broker.produce("other", {.key = "k", .value = "v"});
    const auto make_stores = [this] {
        return std::make_unique<state::TaskStores>(
            state::TaskStores::Options{.directory = {},
                                       .name = "0_0",
                                       .specs = {{.name = "s", .engine = StoreEngine::kInMemory},
                                                 {.name = "t", .engine = StoreEngine::kInMemory}}},
            memory);
    };
    const auto add_both = [this](state::TaskStores& both) {
        restorer().add(this, kTask, both,
                       {{.store = 0, .name = "s", .changelog = {"log", 0}},
                        {.store = 1, .name = "t", .changelog = {"other", 0}}},
                       [this](RestoreResult result) { results.push_back(std::move(result)); });
    };
    const auto closed = make_stores();
    on_batch = [&] { closed->close(); };
    add_both(*closed);
    run_until([&] { return results.size() == 1; });
    ASSERT_NE(results.front().error, nullptr);

    on_batch = {};
    const auto again = make_stores();
    add_both(*again);
    run_until([&] { return results.size() == 2; });
    EXPECT_EQ(results.back().error, nullptr) << "a changelog is still assigned";
}

TEST_F(RestorerTest, RestoresNothingWhilePaused) {
    produce(3);
    paused = true;
    add();
    for (int turn = 0; turn < 20; ++turn) {
        restorer().run_once(clock->now());
    }
    EXPECT_THAT(heard, IsEmpty());

    paused = false;
    run_until([&] { return !results.empty(); });
    EXPECT_EQ(heard.back(), "end of 3");
}

TEST_F(RestorerTest, ReturnsATaskDuringALookupOfItsChangelog) {
    produce(3);
    admin.slow = true;
    add();
    std::thread restoring([&] { restorer().run_once(clock->now()); });
    ASSERT_TRUE(admin.asked.wait_for(1));

    restorer().remove(this, kTask);  // Returns although there is no response yet.
    admin.answer.happened();
    restoring.join();

    EXPECT_THAT(heard, IsEmpty());
    EXPECT_THAT(results, IsEmpty());
}

TEST_F(RestorerTest, LooksUpNothingForATaskThatIsRemovedWhileItLooksUpAnother) {
    produce(3);
    admin.slow = true;
    add();
    restorer().add(this, {0, 1}, stores, {{.store = 0, .name = "s", .changelog = {"log", 0}}},
                   [](const RestoreResult&) { FAIL() << "it is removed"; });
    std::thread restoring([&] { restorer().run_once(clock->now()); });
    ASSERT_TRUE(admin.asked.wait_for(1));

    restorer().remove(this, kTask);
    restorer().remove(this, {0, 1});
    admin.refusal = {kafka::ErrorCode::kTimedOut, "no response"};
    admin.answer.happened();
    restoring.join();

    EXPECT_EQ(admin.asked.count(), 1) << "each would wait for a response";
}

class RestorerOfSeveralTasks : public RestorerTest {
  protected:
    RestorerOfSeveralTasks() {
        broker.create_topic("logs", kTasks);
        for (std::size_t i = 0; i < kTasks; ++i) {
            const auto partition = static_cast<Partition>(i);
            broker.produce("logs", {.key = "k", .value = "v", .partition = partition});
            state_.push_back(std::make_unique<state::TaskStores>(
                state::TaskStores::Options{
                    .directory = {},
                    .name = "t",
                    .specs = {{.name = "s", .engine = StoreEngine::kInMemory}}},
                memory));
            restorer().add(this, {1, partition}, *state_.back(),
                           {{.store = 0, .name = "s", .changelog = {"logs", partition}}},
                           [this](RestoreResult result) { results.push_back(std::move(result)); });
        }
    }

    static constexpr std::size_t kTasks = 5;

  private:
    std::vector<std::unique_ptr<state::TaskStores>> state_;
};

TEST_F(RestorerOfSeveralTasks, LooksUpTheirOffsetsTogether) {
    restorer().run_once(clock->now());
    EXPECT_EQ(admin.requests, 2) << "the first offsets, and the end offsets";
    EXPECT_THAT(heard, SizeIs(kTasks));
}

TEST_F(RestorerOfSeveralTasks, LooksUpTheirOffsetsOneByOneIfThatIsRefused) {
    admin.refusal = {kafka::ErrorCode::kAuthorization, "no access to one of them"};
    admin.refused_from = 2;
    restorer().run_once(clock->now());
    EXPECT_EQ(admin.requests, 1 + 2 * static_cast<int>(kTasks));
    EXPECT_THAT(heard, SizeIs(kTasks));
}

TEST_F(RestorerOfSeveralTasks, LooksUpTheirOffsetsOneByOneIfThereIsNoResponse) {
    admin.refusal = {kafka::ErrorCode::kTimedOut, "no leader", {.retriable = true}};
    restorer().run_once(clock->now());
    EXPECT_THAT(heard, IsEmpty()) << "retried";
    admin.refused_from = 2;
    restorer().run_once(clock->now());
    EXPECT_THAT(heard, SizeIs(kTasks));
}

TEST_F(RestorerTest, ReturnsATaskAfterTheCurrentBatch) {
    constexpr int kBatches = 4;
    produce(kBatches * 8192);
    Events first_batch;
    int batches = 0;
    on_batch = [&] {
        ++batches;
        first_batch.happened();
        EXPECT_TRUE(woken.wait_for(2));
    };
    add();
    std::thread restoring([&] { run_until([&] { return restorer().idle(); }); });
    ASSERT_TRUE(first_batch.wait_for(1));
    restorer().remove(this, kTask);
    EXPECT_EQ(batches, 1);
    restoring.join();

    EXPECT_EQ(batches, 1);
    EXPECT_THAT(results, IsEmpty());
}

TEST_F(RestorerTest, DropsTheResultOfARemovedTask) {
    produce(3);
    Events last_batch;
    on_end = [&] {
        last_batch.happened();
        EXPECT_TRUE(woken.wait_for(2));
    };
    add();
    std::thread restoring([&] { run_until([&] { return restorer().idle(); }); });
    ASSERT_TRUE(last_batch.wait_for(1));
    restorer().remove(this, kTask);
    restoring.join();

    EXPECT_EQ(heard.back(), "end of 3");
    EXPECT_THAT(results, IsEmpty());
}

TEST_F(RestorerTest, ReturnsATaskAfterItsResultWasDelivered) {
    produce(3);
    Events telling;
    Events removing;
    std::atomic<bool> told{false};
    on_result = [&] {
        telling.happened();
        EXPECT_TRUE(removing.wait_for(1));
        told = true;
    };
    add();
    std::thread restoring([&] { run_until([&] { return told.load(); }); });
    ASSERT_TRUE(telling.wait_for(1));
    removing.happened();
    restorer().remove(this, kTask);
    EXPECT_TRUE(told) << "remove() waits for a result that is being delivered";
    restoring.join();
}

TEST_F(RestorerTest, WarnsEveryTenSecondsAlthoughTheWallClockIsSetBack) {
    support::SettableClock settable;
    clock = &settable;
    int complaints = 0;
    set_log_sink([&](LogLevel, std::string_view line) {
        complaints += line.find("retrying: not now") != std::string_view::npos ? 1 : 0;
    });
    admin.refusal = {kafka::ErrorCode::kTimedOut, "not now", {.retriable = true}};
    add();
    restorer().run_once(clock->now());
    restorer().run_once(clock->now());
    EXPECT_EQ(complaints, 1);

    settable.set_back(1h);
    settable.advance(10s);
    restorer().run_once(clock->now());
    EXPECT_EQ(complaints, 2);
    set_log_sink({});
    restorer().remove(this, kTask);
}

}  // namespace
}  // namespace millrace::restore
