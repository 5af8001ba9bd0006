// SPDX-License-Identifier: Apache-2.0

// How a stream thread recovers from errors, and when it gives up.
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "state/format/state_corrupted.hpp"
#include "support/driven_threads.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using support::StringRecord;
using ::testing::AllOf;
using testing::BrokerFault;
using testing::BrokerOperation;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class StreamThreadRecovery : public support::DrivenThreads {
  protected:
    ~StreamThreadRecovery() override { set_log_sink({}); }

    /// in -> node -> out.
    static Topology through(support::LambdaNode::Calls calls) {
        auto spec = std::make_shared<detail::TopologySpec>();
        topology::SpecBuilder builder(*spec);
        builder.add_node(support::source_spec("source", {"in"}));
        builder.add_node(support::lambda_spec("node", {"source"}, std::move(calls)));
        builder.add_node(support::sink_spec("sink", {"node"}, "out"));
        return Topology(spec);
    }

    void fail_commits(int times, BrokerFault fault) {
        for (int i = 0; i < times; ++i) {
            broker.fail_next(BrokerOperation::kCommit, fault);
        }
    }

    void produce_to_all(const std::string& value = "v") {
        for (Partition partition = 0; partition < 4; ++partition) {
            broker.produce("in", {.key = "k", .value = value, .partition = partition});
        }
    }

    static kafka::Status timed_out() { return {kafka::ErrorCode::kTimedOut, "no answer"}; }
};

TEST_F(StreamThreadRecovery, TasksAreTakenAlthoughAnotherRestoredTaskFails) {
    bool fail = true;
    topology = through({.init =
                            [&](support::LambdaNode&) {
                                if (std::exchange(fail, false)) {
                                    throw state::StateCorrupted("as a test wants it");
                                }
                            },
                        .process = [](support::LambdaNode&, const StringRecord&) {}});
    StreamThread& thread = add_thread();

    EXPECT_TRUE(run_until_running());
    EXPECT_FALSE(fail);
    EXPECT_THAT(thread.metadata().tasks, SizeIs(4));
}

TEST_F(StreamThreadRecovery, StoppingWhileOffsetsCannotBeReadIsNotAnError) {
    StreamThread* thread = nullptr;
    int asked = 0;
    faults.committed = [&] {
        ++asked;
        thread->request_stop();
        return timed_out();
    };
    thread = &add_thread();

    EXPECT_NO_THROW(run(50));
    EXPECT_GE(asked, 1);
    thread->close(1s);
    EXPECT_EQ(thread->state(), ThreadState::kDead);
}

TEST_F(StreamThreadRecovery, TheGroupIsPolledAndOtherTasksRunWhileOffsetsCannotBeRead) {
    StreamThread& first = add_thread();
    ASSERT_TRUE(run_until_running());
    StreamThread& second = add_thread();
    ASSERT_TRUE(run_until([&] { return second.metadata().tasks.size() == 2; }));
    bool answers = false;
    int asked = 0;
    faults.committed = [&] {
        ++asked;
        return answers ? kafka::Status() : timed_out();
    };

    second.abandon();
    threads.pop_back();
    ASSERT_TRUE(run_until([&] { return asked > 0; }, 10'000));
    const int before = processed;
    produce_to_all();
    ASSERT_TRUE(run_until([&] { return processed == before + 2; })) << "the tasks it has kept";
    EXPECT_EQ(first.state(), ThreadState::kPartitionsAssigned);
    run(20);
    EXPECT_GT(asked, 1) << "tries again by itself";

    answers = true;
    EXPECT_TRUE(run_until_running());
    EXPECT_TRUE(run_until([&] { return processed == before + 4; }));
}

TEST_F(StreamThreadRecovery, FailsAfterTheTaskTimeoutWhenOffsetsCannotBeRead) {
    faults.committed = timed_out;
    add_thread();

    EXPECT_THAT([this] { run(10'000); },
                ThrowsMessage<KafkaError>(
                    AllOf(HasSubstr("task.timeout.ms = 60000"), HasSubstr("no answer"))));
    EXPECT_GE(clock.now(), timestamp_of(60'000));
}

TEST_F(StreamThreadRecovery, APartitionRevokedWhileItsOffsetIsUnknownIsDropped) {
    bool answers = false;
    faults.committed = [&] { return answers ? kafka::Status() : timed_out(); };
    add_thread();
    run(50);
    broker.expire_member("app", broker.members("app").at(0).member_id);
    run(2);
    answers = true;

    EXPECT_TRUE(run_until_running());
    produce_to_all();
    EXPECT_TRUE(run_until([this] { return committed() == 4; }));
    EXPECT_EQ(processed, 4);
}

TEST_F(StreamThreadRecovery, AFailedResetIsRetried) {
    topology = support::relay_topology([this](const StringRecord&) { ++processed; });
    add_thread();
    produce_to_all();
    produce_to_all();
    ASSERT_TRUE(run_until([this] { return committed() == 8; }));
    threads.back()->close(1s);
    threads.pop_back();
    // Retention deletes records, including the next ones.
    produce_to_all();
    produce_to_all();
    const kafka::StartPosition before{.partition = {"in", 1}, .offset = 3};
    ASSERT_TRUE(admin->delete_records({&before, 1}, 1s).ok());
    int refused = 0;
    faults.seek = [&](const TopicPartition&) {
        return ++refused <= 6 ? kafka::Status(kafka::ErrorCode::kTimedOut, "busy")
                              : kafka::Status();
    };

    add_thread();

    EXPECT_TRUE(run_until([this] { return processed == 8 + 7; }));
    EXPECT_GT(refused, 6);
}

TEST_F(StreamThreadRecovery, LeavesTheGroupAlthoughItsLastCommitFails) {
    settings.commit_interval = 1h;
    StreamThread& thread = add_thread();
    ASSERT_TRUE(run_until_running());
    produce_to_all();
    ASSERT_TRUE(run_until([this] { return processed == 4; }));

    bool left = false;
    faults.closed = [&] { left = true; };
    fail_commits(1, BrokerFault::kFenced);
    thread.close(1s);

    EXPECT_TRUE(left);
    EXPECT_THAT(broker.members("app"), IsEmpty());
    EXPECT_EQ(committed(), 0);
}

TEST_F(StreamThreadRecovery, BacksOffAndFailsWhenItIsFencedRepeatedly) {
    add_thread();
    ASSERT_TRUE(run_until_running());
    fail_commits(100'000, BrokerFault::kFenced);
    produce_to_all();

    EXPECT_THAT([this] { run(12'000); },
                ThrowsMessage<KafkaError>(HasSubstr("no progress within task.timeout.ms")));
    EXPECT_LT(processed, 200) << "pauses before it tries again";
}

TEST_F(StreamThreadRecovery, FailsAlthoughRestoringTakesLongerThanTheBackoff) {
    producer_settings["message.timeout.ms"] = "5";
    broker.disconnect("t1-producer");
    add_thread();
    produce_to_all();
    const auto with_slow_restoring = [this] {
        for (int turn = 0; turn < 20'000; ++turn) {
            advance(10ms);
            threads.front()->run_once(clock.now());
            if (turn % 700 == 0) {
                for (int i = 0; i < 20; ++i) {
                    restorer.restorers().front()->run_once(clock.now());
                }
            }
        }
    };

    EXPECT_THAT(with_slow_restoring,
                ThrowsMessage<KafkaError>(HasSubstr("no progress within task.timeout.ms")));
}

TEST_F(StreamThreadRecovery, AResolvedFailureDoesNotCountForAMuchLaterOne) {
    add_thread();
    ASSERT_TRUE(run_until_running());
    add_thread();
    ASSERT_TRUE(run_until([this] { return threads[1]->metadata().tasks.size() == 2; }));
    ASSERT_TRUE(run_until_running());
    // A commit of each thread fails; before they retry, others have committed for them.
    fail_commits(2, BrokerFault::kNotReady);
    int failed = 0;
    set_log_sink([&](LogLevel, std::string_view line) {
        failed += line.find("cannot commit, retrying") != std::string_view::npos ? 1 : 0;
    });
    produce_to_all();
    ASSERT_TRUE(run_until([&] { return failed == 2; }));
    set_log_sink({});
    for (const auto& member : broker.members("app")) {
        if (member.client_id == "t1") {
            broker.expire_member("app", member.member_id);
        }
    }
    ASSERT_TRUE(run_until([this] { return committed() == 4; }));
    ASSERT_TRUE(run_until_running());

    run(12'000);
    fail_commits(2, BrokerFault::kNotReady);
    produce_to_all();

    EXPECT_NO_THROW(run(200));
    EXPECT_EQ(committed(), 8);
}

TEST_F(StreamThreadRecovery, AClockThatIsSetBackDoesNotStallCommits) {
    add_thread();
    ASSERT_TRUE(run_until_running());
    clock.advance(2h);
    produce_to_all();
    ASSERT_TRUE(run_until([this] { return committed() == 4; }, 20));

    clock.set_back(1h);
    produce_to_all();

    EXPECT_TRUE(run_until([this] { return committed() == 8; }, 20));
}

TEST_F(StreamThreadRecovery, AClockThatIsSetAheadDoesNotEndAThreadWhoseCommitFails) {
    add_thread();
    ASSERT_TRUE(run_until_running());
    fail_commits(3, BrokerFault::kNotReady);
    produce_to_all();
    ASSERT_TRUE(run_until([this] { return processed == 4; }));
    run(12);

    clock.set_back(-1h);

    EXPECT_NO_THROW(run(100));
    EXPECT_EQ(committed(), 4);
}

TEST_F(StreamThreadRecovery, AClockThatIsSetBackDoesNotProlongAPause) {
    producer_settings["message.timeout.ms"] = "5";
    clock.advance(2h);
    add_thread();
    produce_to_all();
    ASSERT_TRUE(run_until([this] { return committed() == 4; }));
    broker.disconnect("t1-producer");
    produce_to_all();
    ASSERT_TRUE(run_until([this] { return processed > 4; }));
    run(2);

    clock.set_back(1h);
    broker.reconnect("t1-producer");

    EXPECT_TRUE(run_until([this] { return committed() == 8; }, 600));
}

TEST_F(StreamThreadRecovery, StreamTimeContinuesFromTheCommit) {
    std::vector<Timestamp> seen;
    std::vector<Timestamp> at_start;
    topology = through(
        {.init =
             [&](support::LambdaNode& node) { at_start.push_back(node.context().stream_time()); },
         .process = [&](support::LambdaNode& node,
                        const StringRecord&) { seen.push_back(node.context().stream_time()); }});
    add_thread();
    broker.produce("in",
                   {.key = "k", .value = "v", .timestamp = timestamp_of(100), .partition = 0});
    ASSERT_TRUE(run_until([this] { return committed() == 1; }));
    threads.back()->close(1s);
    threads.pop_back();
    at_start.clear();

    add_thread();
    broker.produce("in", {.key = "k", .value = "v", .timestamp = timestamp_of(50), .partition = 0});
    ASSERT_TRUE(run_until([this] { return committed() == 2; }));
    EXPECT_THAT(seen, ::testing::ElementsAre(timestamp_of(100), timestamp_of(100)));
    EXPECT_THAT(at_start, ::testing::Contains(timestamp_of(100)));

    // The late record does not decrease it.
    threads.back()->close(1s);
    threads.pop_back();
    add_thread();
    broker.produce("in", {.key = "k", .value = "v", .timestamp = timestamp_of(60), .partition = 0});
    ASSERT_TRUE(run_until([this] { return committed() == 3; }));
    EXPECT_EQ(seen.back(), timestamp_of(100));
}

TEST_F(StreamThreadRecovery, LogsThatItWaitsForFormerMembers) {
    add_thread();
    ASSERT_TRUE(run_until_running());
    broker.disconnect("t1");
    threads.clear();
    std::vector<std::string> lines;
    set_log_sink([&](LogLevel, std::string_view line) {
        if (line.find("waiting for the group") != std::string_view::npos) {
            lines.emplace_back(line);
        }
    });

    consumer_settings["session.timeout.ms"] = "40000";
    add_thread();
    run(2'000);

    ASSERT_THAT(lines, ::testing::Not(IsEmpty()));
    EXPECT_LE(lines.size(), 3U) << "now and then";
    EXPECT_THAT(lines.front(), HasSubstr("session.timeout.ms = 40000"));
    ASSERT_TRUE(run_until_running() || run_until_running() || run_until_running());
    lines.clear();
    run(2'000);
    EXPECT_THAT(lines, IsEmpty());
}

}  // namespace
}  // namespace millrace::runtime
