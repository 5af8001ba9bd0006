// SPDX-License-Identifier: Apache-2.0
#include "client/driver.hpp"

#include "client/inside_client.hpp"
#include "support/counting_topology.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace millrace::client {
namespace {

using namespace std::chrono_literals;

/// Counts its turns, after each of which it waits for `wait`.
class Counted final : public Driven {
  public:
    explicit Counted(std::chrono::milliseconds wait) : wait_(wait) {}

    std::chrono::milliseconds run_once(Timestamp) override {
        turns.happened();
        if (fail) {
            throw std::runtime_error("broken");
        }
        inside = InsideClient::is(this);
        return wait_;
    }
    void wake_up() override { ++woken; }

    support::Events turns;
    std::atomic<int> woken{0};
    std::atomic<bool> fail{false};
    std::atomic<bool> inside{false};

  private:
    std::chrono::milliseconds wait_;
};

TEST(Driver, WaitsAsLongAsTheObjectThatIsDueFirst) {
    Counted busy(1ms);
    Counted idle(Driven::kUntilWoken);
    Driver driver({&busy, &idle}, {}, system_clock());
    driver.start();
    EXPECT_TRUE(busy.turns.wait_for(3));
    EXPECT_TRUE(idle.turns.wait_for(3));
    EXPECT_FALSE(driver.is_current());
    driver.stop();
}

TEST(Driver, WakesTheObjectsAndItsOwnWait) {
    Counted idle(Driven::kUntilWoken);
    Driver driver({&idle}, {.client = &idle}, system_clock());
    driver.start();
    ASSERT_TRUE(idle.turns.wait_for(1));
    driver.wake_up();
    EXPECT_TRUE(idle.turns.wait_for(2));
    EXPECT_EQ(idle.woken, 1);
    driver.stop();
    driver.join();
    EXPECT_TRUE(idle.inside) << "the thread is marked as one of the client";
}

TEST(Driver, ReportsAnErrorAndTakesNoFurtherTurn) {
    Counted failing(0ms);
    failing.fail = true;
    std::string error;
    support::Events ended;
    Driver driver({&failing},
                  {.on_error = [&](const std::exception& thrown) { error = thrown.what(); },
                   .on_end = [&] { ended.happened(); }},
                  system_clock());
    driver.start();
    ASSERT_TRUE(ended.wait_for(1));
    driver.stop();
    driver.join();
    EXPECT_EQ(error, "broken");
    EXPECT_EQ(failing.turns.count(), 1);
}

TEST(Driver, TakesNoTurnWhenItWasStoppedBefore) {
    Counted idle(0ms);
    Driver driver({&idle}, {}, system_clock());
    driver.stop();
    driver.start();
    driver.join();
    EXPECT_EQ(idle.turns.count(), 0);
}

}  // namespace
}  // namespace millrace::client
