// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/scheduler.hpp"

#include "core/thread.hpp"
#include "core/thread_annotations.hpp"
#include "core/turn_condition.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace millrace::testing::simulated {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr auto kLong = std::chrono::hours{10};

TEST(Scheduler, AdvancesTimeToTheNextThreadThatWaits) {
    Scheduler scheduler(1, kSimulationStart);
    std::vector<std::string> order;
    scheduler.run(
        [&] {
            Thread late;
            Thread early;
            late.start([&] {
                scheduler.pause(2h);
                order.emplace_back("late");
            });
            early.start([&] {
                scheduler.pause(1h);
                order.emplace_back("early");
            });
            late.join();
            early.join();
        },
        kLong);
    EXPECT_THAT(order, ElementsAre("early", "late"));
    EXPECT_GE(scheduler.passed(), 2h);
    EXPECT_LT(scheduler.passed(), 2h + 1s);
}

TEST(Scheduler, WakesUpWhoeverWaitsForACondition) {
    Scheduler scheduler(1, kSimulationStart);
    bool woken = false;
    scheduler.run(
        [&] {
            Mutex mutex;
            TurnCondition changed;
            bool done = false;
            Thread waiting;
            waiting.start([&] {
                MutexLock lock(mutex);
                woken = changed.wait_for(lock, 1h, [&] { return done; });
            });
            scheduler.pause(1s);
            {
                const MutexLock lock(mutex);
                done = true;
            }
            changed.notify_all();
            waiting.join();
        },
        kLong);
    EXPECT_TRUE(woken);
    EXPECT_LT(scheduler.passed(), 2s);
}

TEST(Scheduler, EndsAWaitAtItsTimeout) {
    Scheduler scheduler(1, kSimulationStart);
    bool in_time = true;
    scheduler.run(
        [&] {
            Mutex mutex;
            TurnCondition changed;
            MutexLock lock(mutex);
            in_time = changed.wait_for(lock, 5s, [] { return false; });
        },
        kLong);
    EXPECT_FALSE(in_time);
    EXPECT_GE(scheduler.passed(), 5s);
}

TEST(Scheduler, DoesNotRunThreadsOfAFrozenProcess) {
    Scheduler scheduler(1, kSimulationStart);
    int turns = 0;
    bool over = false;
    scheduler.run(
        [&] {
            scheduler.start_in(7, [&] {
                while (!over) {
                    scheduler.pause(1s);
                    ++turns;
                }
            });
            scheduler.pause(10s + 1ms);
            scheduler.freeze(7);
            const int before = turns;
            scheduler.pause(10s);
            EXPECT_EQ(turns, before);
            scheduler.thaw(7);
            scheduler.pause(10s);
            EXPECT_GT(turns, before);
            over = true;
        },
        kLong);
}

TEST(Scheduler, KeepsTheExceptionsOfThreadsApart) {
    Scheduler scheduler(1, kSimulationStart);
    std::vector<std::string> caught(3);
    scheduler.run(
        [&] {
            std::vector<Thread> threads(3);
            for (std::size_t i = 0; i < threads.size(); ++i) {
                threads[i].start([&, i] {
                    try {
                        throw std::runtime_error(std::to_string(i));
                    } catch (const std::exception&) {
                        scheduler.pause(std::chrono::seconds(3 - i));
                        try {
                            throw;
                        } catch (const std::exception& again) {
                            caught[i] = again.what();
                        }
                    }
                });
            }
            for (Thread& thread : threads) {
                thread.join();
            }
        },
        kLong);
    EXPECT_THAT(caught, ElementsAre("0", "1", "2"));
}

TEST(Scheduler, ReportsThreadsThatNeverEnd) {
    Scheduler scheduler(1, kSimulationStart);
    EXPECT_THROW(scheduler.run(
                     [&] {
                         while (true) {
                             scheduler.pause(1s);
                         }
                     },
                     1h),
                 InternalError);
}

TEST(Scheduler, RunsThreadsInTheOrderOfItsSeed) {
    const auto order_of = [](std::uint64_t seed) {
        Scheduler scheduler(seed, kSimulationStart);
        std::string order;
        scheduler.run(
            [&] {
                std::vector<Thread> threads(4);
                for (std::size_t i = 0; i < threads.size(); ++i) {
                    threads[i].start([&, i] {
                        for (int turn = 0; turn < 10; ++turn) {
                            order += static_cast<char>('a' + i);
                            scheduler.pause(0s);
                        }
                    });
                }
                for (Thread& thread : threads) {
                    thread.join();
                }
            },
            kLong);
        return order;
    };
    EXPECT_EQ(order_of(5), order_of(5));
    EXPECT_NE(order_of(5), order_of(6));
}

}  // namespace
}  // namespace millrace::testing::simulated
