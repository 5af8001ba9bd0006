// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_thread.hpp"

#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/forwarding_admin.hpp"
#include "support/settable_clock.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;

/// Does not respond if the test sets it.
class SilentAdmin final : public support::ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<kafka::PartitionCounts> describe_topics(
        std::span<const std::string> names, std::chrono::milliseconds timeout) override {
        if (silent) {
            return kafka::Status(kafka::ErrorCode::kTimedOut, "no answer");
        }
        return ForwardingAdmin::describe_topics(names, timeout);
    }

    bool silent = false;
};

/// Fills one global table on disk, round by round.
class GlobalThreadTest : public ::testing::Test {
  protected:
    explicit GlobalThreadTest(const std::map<std::string, std::string>& topic_settings = {}) {
        broker.create_topic("in", 1, topic_settings);
        thread = make_thread(folder.path());
        set_log_sink([this](LogLevel, std::string_view line) {
            complaints += line.find("retrying") != std::string_view::npos ? 1 : 0;
        });
    }
    ~GlobalThreadTest() override { set_log_sink({}); }

    static Topology global_table() {
        StreamsBuilder builder;
        builder.global_table<std::string, std::string>("in", {.store = "rows"});
        return std::move(builder).build();
    }

    std::unique_ptr<GlobalThread> make_thread(const std::filesystem::path& directory) {
        auto stores = std::make_unique<state::TaskStores>(
            state::TaskStores::Options{.directory = directory,
                                       .name = "global",
                                       .specs = {topology.spec().global_stores.front().store},
                                       .processing = false,
                                       .clock = &clock},
            memory);
        stores_ = stores.get();
        return std::make_unique<GlobalThread>(
            GlobalThread::Parts{.application = &application,
                                .admin = &admin,
                                .clock = &clock,
                                .supplier = broker.clients(),
                                .consumer_settings = {{"bootstrap.servers", "embedded"},
                                                      {"auto.offset.reset", "none"},
                                                      {"client.id", "global"}},
                                .stores = std::move(stores),
                                .settings = std::make_shared<TaskSettings>(),
                                .poll = 1ms});
    }

    std::size_t uncommitted() const { return stores_->uncommitted_bytes(); }

    /// The start position after a kill at this moment, from a copy of the files.
    std::optional<Offset> start_after_kill() {
        const testing::TemporaryDirectory copy;
        std::filesystem::copy(folder.path(), copy.path() / "task",
                              std::filesystem::copy_options::recursive);
        const auto next = make_thread(copy.path() / "task");
        std::optional<Offset> start;
        next->set_restore_reports({.on_restore_start = [&](const auto&, const auto&, Offset from,
                                                           Offset) { start = from; }},
                                  nullptr);
        next->run_once(clock.now());
        return start;
    }

    /// The same, after running flushes have finished.
    bool resumes_after_kill_at(Offset awaited) {
        for (int attempt = 0; attempt < 1000; ++attempt) {
            try {
                if (start_after_kill() == awaited) {
                    return true;
                }
            } catch (const Error&) {
                std::this_thread::yield();  // Files were copied while they were written.
            }
        }
        return false;
    }

    testing::TemporaryDirectory folder;
    testing::EmbeddedBroker broker;
    std::unique_ptr<kafka::Admin> broker_admin =
        broker.clients()->make_admin({{"bootstrap.servers", "embedded"}});
    SilentAdmin admin{*broker_admin};
    support::SettableClock clock;
    state::MemoryBudget memory{{}};
    Topology topology = global_table();
    topology::ApplicationTopology application = topology::split(topology.spec(), "app");
    std::unique_ptr<GlobalThread> thread;
    int complaints = 0;

  private:
    state::TaskStores* stores_ = nullptr;  // The thread's.
};

TEST_F(GlobalThreadTest, CommitsEveryTenSecondsAlthoughTheWallClockIsSetBack) {
    broker.produce("in", {.key = "k", .value = "v"});
    while (!thread->caught_up()) {
        thread->run_once(clock.now());
    }
    ASSERT_GT(uncommitted(), 0U);

    clock.set_back(1h);
    clock.advance(9s);
    thread->run_once(clock.now());
    EXPECT_GT(uncommitted(), 0U);
    clock.advance(1s);
    thread->run_once(clock.now());
    EXPECT_EQ(uncommitted(), 0U);
}

TEST_F(GlobalThreadTest, ResumesAfterAKillWhereItsStateWasFlushed) {
    broker.produce("in", {.key = "k", .value = "v"});
    while (!thread->caught_up()) {
        thread->run_once(clock.now());
    }
    EXPECT_EQ(start_after_kill(), 0);  // Nothing is flushed yet.
    clock.advance(30s);                // statestore.flush.interval.ms
    thread->run_once(clock.now());
    EXPECT_TRUE(resumes_after_kill_at(1));
    broker.produce("in", {.key = "k", .value = "w"});
    clock.advance(10s);
    thread->run_once(clock.now());
    thread->run_once(clock.now());
    EXPECT_EQ(start_after_kill(), 1) << "records since the flush are read again";
    clock.advance(20s);
    thread->run_once(clock.now());
    EXPECT_TRUE(resumes_after_kill_at(2)) << "although no record arrived since the commit";
}

class InterruptedFirstLoad : public GlobalThreadTest {
  protected:
    InterruptedFirstLoad()
        : GlobalThreadTest({{"cleanup.policy", "compact"}, {"delete.retention.ms", "60000"}}) {
        for (int i = 0; i < kRecords; ++i) {
            broker.produce("in", {.key = std::to_string(i), .value = "v"});
        }
        thread->run_once(clock.now());
        thread->run_once(clock.now());
        EXPECT_FALSE(thread->caught_up());
        thread.reset();
    }

    std::optional<Offset> next_start() {
        std::optional<Offset> start;
        thread = make_thread(folder.path());
        thread->set_restore_reports({.on_restore_start = [&](const auto&, const auto&, Offset from,
                                                             Offset) { start = from; }},
                                    nullptr);
        thread->run_once(clock.now());
        return start;
    }

    static constexpr int kRecords = 10000;
};

TEST_F(InterruptedFirstLoad, ContinuesWhereItWas) {
    clock.advance(50s);
    const auto start = next_start();
    EXPECT_GT(start, 0);
    EXPECT_LT(start, kRecords);
    thread.reset();
    clock.advance(20s);
    EXPECT_EQ(next_start(), 0) << "tombstones since the load began may be gone";
}

TEST_F(InterruptedFirstLoad, IsCurrentOnceItIsComplete) {
    next_start();
    while (!thread->caught_up()) {
        thread->run_once(clock.now());
    }
    thread.reset();
    clock.advance(59s);
    EXPECT_EQ(next_start(), kRecords);
}

TEST_F(GlobalThreadTest, WarnsEveryTenSecondsAlthoughTheWallClockIsSetBack) {
    admin.silent = true;
    thread->run_once(clock.now());
    thread->run_once(clock.now());
    EXPECT_EQ(complaints, 1);

    clock.set_back(1h);
    clock.advance(10s);
    thread->run_once(clock.now());
    EXPECT_EQ(complaints, 2);
}

}  // namespace
}  // namespace millrace::runtime
