// SPDX-License-Identifier: Apache-2.0

// Exactly-once: a transaction that is committed at the end of a rebalance has an outdated
// generation, and is lost.
#include "support/driven_threads.hpp"

#include <gmock/gmock.h>

namespace millrace::support {
namespace {

using namespace std::chrono_literals;

class CommitsWhileJoining : public DrivenThreads, public ::testing::WithParamInterface<bool> {
  protected:
    CommitsWhileJoining() {
        if (exactly_once()) {
            consumer_settings["isolation.level"] = "read_committed";
        }
        add();
        add();
        EXPECT_TRUE(run_until_running());
        run(100);  // Follow-up rebalances.
    }

    static bool exactly_once() { return GetParam(); }

    void add() {
        if (exactly_once()) {
            producer_settings["transactional.id"] = "app-" + std::to_string(made + 1);
        }
        add_thread();
    }

    /// The longest time between two commits while records arrive, and the second member does not
    /// notice that a third one joins.
    std::chrono::milliseconds longest_pause(std::chrono::milliseconds time) {
        auto longest = 0ms;
        auto pause = 0ms;
        for (auto passed = 0ms; passed < time; passed += 10ms) {
            produce_keys(kKeys);
            sent += kKeys;
            const auto before = committed();
            advance(10ms);
            threads[0]->run_once(clock.now());
            threads[2]->run_once(clock.now());
            pause = committed() > before ? 0ms : pause + 10ms;
            longest = std::max(longest, pause);
        }
        return longest;
    }

    static constexpr int kKeys = 16;
    int sent = 0;
};

INSTANTIATE_TEST_SUITE_P(Guarantees, CommitsWhileJoining, ::testing::Bool(),
                         [](const auto& guarantee) {
                             return guarantee.param ? "ExactlyOnce" : "AtLeastOnce";
                         });

TEST_P(CommitsWhileJoining, WaitAMomentIfTheyAreTransactions) {
    add();
    const auto pause = longest_pause(1s);
    EXPECT_LE(pause, 320ms) << "the rebalance may last long";
    EXPECT_EQ(pause >= 190ms, exactly_once()) << pause.count();

    EXPECT_TRUE(run_until([this] { return committed() == sent; }));
    EXPECT_EQ(processed, sent) << "none was processed twice";
}

}  // namespace
}  // namespace millrace::support
