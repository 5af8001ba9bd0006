// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_thread.hpp"

#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "state/budget/state_memory.hpp"
#include "support/forwarding_admin.hpp"
#include "support/settable_clock.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
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
    GlobalThreadTest() {
        broker.create_topic("in", 1);
        auto stores = std::make_unique<state::TaskStores>(
            state::TaskStores::Options{.directory = folder.path(),
                                       .name = "global",
                                       .specs = {topology.spec().global_stores.front().store},
                                       .processing = false},
            memory);
        stores_ = stores.get();
        thread = std::make_unique<GlobalThread>(
            GlobalThread::Parts{.application = &application,
                                .admin = &admin,
                                .clock = &clock,
                                .supplier = broker.clients(),
                                .consumer_settings = {{"bootstrap.servers", "embedded"},
                                                      {"auto.offset.reset", "none"},
                                                      {"client.id", "global"}},
                                .stores = std::move(stores),
                                .settings = std::make_shared<TaskSettings>()});
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

    std::size_t uncommitted() const { return stores_->uncommitted_bytes(); }

    testing::TemporaryDirectory folder;
    testing::EmbeddedBroker broker;
    std::unique_ptr<kafka::Admin> broker_admin =
        broker.clients()->make_admin({{"bootstrap.servers", "embedded"}});
    SilentAdmin admin{*broker_admin};
    support::SettableClock clock;
    state::StateMemory memory{{}};
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
        thread->run_once(1ms);
    }
    ASSERT_GT(uncommitted(), 0U);

    clock.set_back(1h);
    clock.advance(9s);
    thread->run_once(0ms);
    EXPECT_GT(uncommitted(), 0U);
    clock.advance(1s);
    thread->run_once(0ms);
    EXPECT_EQ(uncommitted(), 0U);
}

TEST_F(GlobalThreadTest, WarnsEveryTenSecondsAlthoughTheWallClockIsSetBack) {
    admin.silent = true;
    thread->run_once(0ms);
    thread->run_once(0ms);
    EXPECT_EQ(complaints, 1);

    clock.set_back(1h);
    clock.advance(10s);
    thread->run_once(0ms);
    EXPECT_EQ(complaints, 2);
}

}  // namespace
}  // namespace millrace::runtime
