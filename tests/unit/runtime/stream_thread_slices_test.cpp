// SPDX-License-Identifier: Apache-2.0

// How long a round takes with slow records.
#include "support/driven_threads.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class StreamThreadSlices : public support::DrivenThreads {
  protected:
    /// Every record takes that long.
    void make_records_take(milliseconds time) {
        topology = support::relay_topology([this, time](const support::StringRecord&) {
            ++processed;
            advance(time);
        });
    }

    /// 20 tasks, each of which takes 40 ms to open.
    void make_many_slow_tasks() {
        auto spec = std::make_shared<detail::TopologySpec>(topology.spec());
        for (detail::NodeSpec& node : spec->nodes) {
            if (node.kind == detail::NodeKind::kSource) {
                node.make = [this, make = node.make] {
                    advance(40ms);
                    return make();
                };
            }
        }
        topology = Topology(spec);
        broker.add_partitions("in", 20);
        broker.add_partitions("out", 20);
    }

    void produce_everywhere(Partition partitions, int records) {
        for (Partition partition = 0; partition < partitions; ++partition) {
            for (int i = 0; i < records; ++i) {
                broker.produce("in", {.key = "k", .value = "v", .partition = partition});
            }
        }
    }

    /// The longest round until `done`.
    milliseconds longest_turn(StreamThread& thread, const std::function<bool()>& done) {
        milliseconds longest{0};
        for (int turn = 0; turn < 100'000 && !done(); ++turn) {
            const Timestamp begin = clock.now();
            thread.run_once(clock.now());
            longest = std::max(longest, clock.now() - begin);
            advance(1ms);
            restorer.restorers().front()->run_once(clock.now());
        }
        EXPECT_TRUE(done());
        return longest;
    }
};

TEST_F(StreamThreadSlices, OpeningManySlowTasksDoesNotKeepTheGroupWaiting) {
    make_many_slow_tasks();
    consumer_settings["max.poll.interval.ms"] = "500";
    StreamThread& thread = add_thread();

    const milliseconds longest =
        longest_turn(thread, [&] { return thread.state() == ThreadState::kRunning; });
    EXPECT_LE(longest, 200ms);

    produce_everywhere(20, 1);
    EXPECT_TRUE(run_until([this] { return processed == 20; }));
    EXPECT_EQ(broker.generation("app"), 1) << "was not removed";
}

TEST_F(StreamThreadSlices, OpeningManySlowTasksDoesNotWaitBetweenTwoSlices) {
    make_many_slow_tasks();
    settings.poll = 100ms;
    StreamThread& thread = add_thread();
    int polls = 0;
    milliseconds waited{0};
    faults.polled = [&](milliseconds timeout) {
        const std::size_t open = thread.metadata().tasks.size();
        if (open > 0 && open < 20) {
            ++polls;
            waited += timeout;
        }
        return 0ms;
    };

    longest_turn(thread, [&] { return thread.state() == ThreadState::kRunning; });

    EXPECT_GE(polls, 5);
    EXPECT_EQ(waited, 0ms);
}

TEST_F(StreamThreadSlices, SlowRecordsAreCommittedOnTheInterval) {
    make_records_take(20ms);
    settings.commit_interval = 1s;
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until_running());
    produce_everywhere(4, 1000);
    const Timestamp begin = clock.now();

    longest_turn(thread, [this] { return committed() > 0; });

    EXPECT_LE(clock.now() - begin, 2 * 1s + 200ms);
}

TEST_F(StreamThreadSlices, OtherWorkAndAStopWaitForOneSliceOnly) {
    make_records_take(20ms);
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until_running());
    produce_everywhere(4, 1000);
    ASSERT_TRUE(run_until([this] { return processed > 100; }));

    bool served = false;
    thread.post([&](TaskRegistry&) { served = true; });
    const Timestamp begin = clock.now();
    thread.run_once(clock.now());
    EXPECT_TRUE(served);
    EXPECT_LE(clock.now() - begin, 100ms);

    const int before = processed;
    thread.request_stop();
    thread.run_once(clock.now());
    EXPECT_LE(processed, before + 1) << "one record after a stop";
}

TEST_F(StreamThreadSlices, SlowTasksNeverMissTheGroupsPollInterval) {
    broker.add_partitions("in", 10);
    make_records_take(30ms);
    consumer_settings["max.poll.interval.ms"] = "1000";
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until_running());
    produce_everywhere(10, 1000);
    const auto generation = broker.generation("app");

    const milliseconds longest = longest_turn(thread, [this] { return committed() == 10'000; });

    EXPECT_LT(longest, 1s);
    EXPECT_EQ(broker.generation("app"), generation) << "was not removed";
    EXPECT_EQ(processed, 10'000) << "nothing twice";
}

TEST_F(StreamThreadSlices, EveryTaskGetsItsTurnAlthoughOneIsSlow) {
    std::map<std::string, int> by_key;
    topology = support::relay_topology([&](const support::StringRecord& record) {
        ++by_key[record.key];
        if (record.key == "slow") {
            advance(40ms);
        }
    });
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until_running());
    for (int i = 0; i < 1000; ++i) {
        broker.produce("in", {.key = "slow", .value = "v", .partition = 0});
        broker.produce("in", {.key = "slow", .value = "v", .partition = 1});
        broker.produce("in", {.key = "fast", .value = "v", .partition = 3});
    }

    longest_turn(thread, [&] { return by_key["fast"] == 1000; });

    EXPECT_LE(by_key["slow"], 100);
}

TEST_F(StreamThreadSlices, ASmallPollIntervalMakesSlicesShorter) {
    make_records_take(1ms);
    consumer_settings["max.poll.interval.ms"] = "20";
    consumer_settings["session.timeout.ms"] = "10";
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until_running());
    produce_everywhere(4, 100);

    EXPECT_LE(longest_turn(thread, [this] { return processed >= 400; }), 10ms);
}

}  // namespace
}  // namespace millrace::runtime
