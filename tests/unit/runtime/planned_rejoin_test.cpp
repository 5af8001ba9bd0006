// SPDX-License-Identifier: Apache-2.0

// A member rejoins the group when the last assignment says so.
#include "support/driven_threads.hpp"
#include "support/forwarding_clients.hpp"

#include "assignment/subscription_info.hpp"

#include <gmock/gmock.h>

namespace millrace::support {
namespace {

using namespace std::chrono_literals;

/// A leader that asks for a rebalance after every rebalance, as long as `after` is set.
struct Leader {
    int rebalances = 0;
    std::optional<std::chrono::milliseconds> after{};
    std::vector<TaskId> awaited{};
};

class AskingAssignor final : public kafka::GroupAssignor {
  public:
    AskingAssignor(std::shared_ptr<kafka::GroupAssignor> real, Leader& leader)
        : real_(std::move(real)), leader_(leader) {}

    std::string name() const override { return real_->name(); }
    Bytes subscription_user_data() override { return real_->subscription_user_data(); }
    std::map<std::string, kafka::MemberAssignment> assign(
        const std::vector<kafka::GroupMember>& members,
        const kafka::PartitionCounts& topics) override {
        ++leader_.rebalances;
        auto result = real_->assign(members, topics);
        auto& first = result.begin()->second;
        auto info = assignment::decode_assignment(first.user_data);
        info.next_probing = leader_.after;
        info.awaited = leader_.awaited;
        info.acceptable_lag = 10;
        first.user_data = encode(info);
        return result;
    }
    void on_assignment(const std::vector<TopicPartition>& partitions,
                       BytesView user_data) override {
        real_->on_assignment(partitions, user_data);
    }

  private:
    std::shared_ptr<kafka::GroupAssignor> real_;
    Leader& leader_;
};

class AskingClients final : public ForwardingClients {
  public:
    AskingClients(std::shared_ptr<kafka::ClientSupplier> to, Leader& leader)
        : ForwardingClients(std::move(to)), leader_(leader) {}

    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override {
        return ForwardingClients::make_consumer(
            settings, std::make_shared<AskingAssignor>(std::move(assignor), leader_));
    }

  private:
    Leader& leader_;
};

class PlannedRejoins : public DrivenThreads {
  protected:
    PlannedRejoins() {
        clients = std::make_shared<AskingClients>(clients, leader);
        add_thread();
        add_thread();
    }
    ~PlannedRejoins() override { threads.clear(); }

    Leader leader;
};

TEST_F(PlannedRejoins, AreDueWhenTheAssignmentSays) {
    leader.after = 60s;
    ASSERT_TRUE(run_until_running());
    run(100);
    const int before = leader.rebalances;

    advance(50s);
    run(10);
    EXPECT_EQ(leader.rebalances, before);
    advance(10s);
    run(100);
    EXPECT_EQ(leader.rebalances, before + 1) << "one member rejoins, once";
    EXPECT_TRUE(run_until_running());
    advance(60s);
    run(100);
    EXPECT_EQ(leader.rebalances, before + 2) << "the next assignment said so, too";
}

TEST_F(PlannedRejoins, DoNotHappenIfTheLastAssignmentPlansNone) {
    leader.after = 60s;
    ASSERT_TRUE(run_until_running());
    run(100);
    leader.after.reset();
    add_thread();  // A rebalance in between.
    ASSERT_TRUE(run_until_running());
    run(100);
    const int before = leader.rebalances;

    advance(120s);
    run(100);
    EXPECT_EQ(leader.rebalances, before);
}

TEST_F(PlannedRejoins, AtOnceHappenAtMostOnceASecond) {
    leader.after = 0s;
    ASSERT_TRUE(run_until_running());
    run(100);
    const int before = leader.rebalances;
    const auto begin = clock.monotonic();

    run(300);
    const auto passed = std::chrono::floor<std::chrono::seconds>(clock.monotonic() - begin);
    EXPECT_GE(leader.rebalances, before + 1);
    EXPECT_LE(leader.rebalances, before + 1 + passed.count());
}

TEST_F(PlannedRejoins, HappenWhenAwaitedTasksAreCaughtUp) {
    constexpr TaskId kAwaited{0, 9};
    auto& lags = shared->task_maker.lags();
    lags.opened(kAwaited);
    lags.set(kAwaited, 11);
    leader.awaited = {kAwaited};
    ASSERT_TRUE(run_until_running());
    run(100);
    const int before = leader.rebalances;

    lags.set(kAwaited, 10);
    run(50);
    EXPECT_EQ(leader.rebalances, before + 1);
    run(300);
    EXPECT_EQ(leader.rebalances, before + 1) << "not at once again, if it is still awaited";
    run(300);
    EXPECT_EQ(leader.rebalances, before + 2);
}

}  // namespace
}  // namespace millrace::support
