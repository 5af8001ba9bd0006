// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/stream_task.hpp"
#include "millrace/core/error.hpp"
#include "millrace/state/bytes_store.hpp"
#include "runtime/task/task_errors.hpp"
#include "state/budget/memory_budget.hpp"
#include "support/fake_record_collector.hpp"
#include "support/messages.hpp"
#include "support/test_nodes.hpp"
#include "topology/task_topology.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using support::LambdaNode;
using support::MessageSpec;
using support::StringRecord;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// source "in" -> node "count" with store "counts" -> sink "out"; "count" runs `calls`.
class StreamTaskTest : public ::testing::Test {
  protected:
    StreamTaskTest() {
        settings->application_id = "app";
        settings->setting = [](std::string_view name) { return "<" + std::string(name) + ">"; };
        calls.process = [](LambdaNode& node, const StringRecord& record) { node.forward(record); };
        spec.nodes.push_back(support::source_spec("source", {"in", "other"}));
        spec.nodes.push_back(support::lambda_spec(
            "count", {"source"},
            {.init = [this](LambdaNode& node) { calls.init ? calls.init(node) : void(); },
             .process = [this](LambdaNode& node,
                               const StringRecord& record) { calls.process(node, record); },
             .close = [this](LambdaNode& node) { calls.close ? calls.close(node) : void(); }},
            {"counts"}));
        spec.nodes.push_back(support::sink_spec("sink", {"count"}, "out"));
        spec.stores.push_back({.name = "counts", .engine = StoreEngine::kInMemory});
        application = topology::split(spec, "app");
        make();
    }

    void make() {
        const topology::SubTopology& part = application.sub_topologies.at(0);
        task = std::make_unique<StreamTask>(StreamTask::Parts{
            .id = {0, 3},
            .application = &application,
            .part = &part,
            .inputs = {{"in", 3}, {"other", 3}},
            .stores = std::make_unique<state::TaskStores>(
                state::TaskStores::Options{.directory = {}, .name = "0_3", .specs = spec.stores},
                memory),
            .collector = &collector,
            .settings = settings});
    }

    void start(
        std::vector<kafka::CommittedOffset> committed = std::vector<kafka::CommittedOffset>(2)) {
        task->start_restoring();
        task->stores().finish_restore(0, std::nullopt);
        task->complete_restoration(committed, timestamp_of(1000));
        task->attach(0, in);
        task->attach(1, other);
    }

    void add(std::string value, std::int64_t time, Offset offset) {
        in.add({.key = "k",
                .value = std::move(value),
                .timestamp = timestamp_of(time),
                .offset = offset});
    }

    std::size_t run(std::size_t max = 100) {
        task->fetch();
        return task->process(max, timestamp_of(2000));
    }

    std::vector<std::string> out() {
        std::vector<std::string> values;
        for (const auto& record : collector.take()) {
            if (record.topic == "out") {
                values.push_back(record.value.value_or("null"));
            }
        }
        return values;
    }

    std::vector<kafka::OffsetCommit> prepare() {
        std::vector<kafka::OffsetCommit> offsets;
        task->prepare_commit(offsets);
        return offsets;
    }

    LambdaNode::Calls calls;
    detail::TopologySpec spec;
    topology::ApplicationTopology application;
    state::MemoryBudget memory{{}};
    support::FakeRecordCollector collector;
    support::MessageStock stock;
    support::FakePartitionQueue in{stock};
    support::FakePartitionQueue other{stock};
    std::shared_ptr<TaskSettings> settings = std::make_shared<TaskSettings>();
    std::unique_ptr<StreamTask> task;
};

auto committed_at(Offset offset) {
    return Field(&kafka::OffsetCommit::offset, offset);
}

TEST_F(StreamTaskTest, SendsRecordsThroughItsNodes) {
    start();
    add("a", 5, 0);
    add("b", 7, 1);

    EXPECT_EQ(run(), 2U);
    EXPECT_THAT(out(), ElementsAre("a", "b"));
}

TEST_F(StreamTaskTest, ProcessesAtMostTheGivenNumberOfRecords) {
    start();
    add("a", 5, 0);
    add("b", 7, 1);

    EXPECT_EQ(run(1), 1U);
    EXPECT_EQ(task->buffered(), 1U);
    EXPECT_THAT(out(), ElementsAre("a"));
}

TEST_F(StreamTaskTest, NodesReceiveRecordAndTimes) {
    std::vector<std::string> seen;
    calls.process = [&](LambdaNode& node, const StringRecord& record) {
        const auto& at_hand = node.context().record();
        seen.push_back(*at_hand.topic + "-" + std::to_string(at_hand.partition) + "@" +
                       std::to_string(at_hand.offset) + " " +
                       std::to_string(milliseconds_of(record.timestamp)) + " " +
                       std::to_string(milliseconds_of(node.context().stream_time())) + " " +
                       std::to_string(milliseconds_of(node.context().wall_clock())));
    };
    start();
    add("a", 50, 7);
    add("b", 20, 8);
    run();

    EXPECT_THAT(seen, ElementsAre("in-3@7 50 50 2000", "in-3@8 20 50 2000"));
}

TEST_F(StreamTaskTest, TakesStreamTimeFromProcessedNotFromBufferedRecords) {
    start();
    EXPECT_EQ(task->stream_time(), kNoTimestamp);
    add("a", 5, 0);
    add("b", 9, 1);

    run(1);

    EXPECT_EQ(task->stream_time(), timestamp_of(5));
}

TEST_F(StreamTaskTest, CommitsTheOffsetOfTheNextBufferedRecord) {
    start();
    add("a", 5, 10);
    add("b", 7, 14);
    run(1);

    const auto offsets = prepare();

    ASSERT_THAT(offsets, ElementsAre(committed_at(14)));
    EXPECT_EQ(offsets[0].partition, (TopicPartition{"in", 3}));
    EXPECT_EQ(decode_offset_metadata(offsets[0].metadata).partition_time, timestamp_of(5));
}

TEST_F(StreamTaskTest, CommitsTheConsumersPositionWhenNothingIsBuffered) {
    start();
    add("a", 5, 10);
    run();
    in.skip_to(13);  // Transaction markers.

    EXPECT_THAT(prepare(), ElementsAre(committed_at(13)));
}

TEST_F(StreamTaskTest, CommitsSkippedRecordsToo) {
    settings->deserialization_handler = log_and_continue;
    make();
    start();
    add("unreadable", 5, 10);
    EXPECT_EQ(run(), 1U);

    EXPECT_THAT(prepare(), ElementsAre(committed_at(11)));
    EXPECT_EQ(task->dropped_records(), 1U);
}

TEST_F(StreamTaskTest, NeedsNoCommitWithoutChange) {
    start({{.offset = 5, .metadata = {}}, {}});
    EXPECT_FALSE(task->commit_needed());

    add("a", 5, 5);
    run();
    EXPECT_TRUE(task->commit_needed());

    prepare();
    task->post_commit();
    EXPECT_FALSE(task->commit_needed());
    EXPECT_THAT(prepare(), IsEmpty());
}

TEST_F(StreamTaskTest, AFailedCommitIsPreparedAgain) {
    start();
    add("a", 5, 0);
    run();
    EXPECT_THAT(prepare(), ElementsAre(committed_at(1)));

    EXPECT_TRUE(task->commit_needed());
    EXPECT_THAT(prepare(), ElementsAre(committed_at(1)));
}

TEST_F(StreamTaskTest, RestoresTheCommittedTimes) {
    start({{.offset = 5, .metadata = encode(timestamp_of(77), {{"s", timestamp_of(3)}})},
           {.offset = 1, .metadata = encode(kNoTimestamp, {{"s", timestamp_of(9)}})}});
    EXPECT_EQ(task->processor_time("s"), timestamp_of(9));
    EXPECT_EQ(task->processor_time("unknown"), kNoTimestamp);

    task->set_processor_time("s", timestamp_of(12));
    add("a", 5, 5);
    run();

    const auto metadata = decode_offset_metadata(prepare().at(0).metadata);
    EXPECT_EQ(metadata.partition_time, timestamp_of(77)) << "not back to 5";
    EXPECT_EQ(metadata.processor_times.at("s"), timestamp_of(12));
}

TEST_F(StreamTaskTest, LogsChangesOfItsStoreToItsOwnPartition) {
    calls.process = [](LambdaNode& node, const StringRecord& record) {
        dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "counts"))
            .put(record.key, record.value);
    };
    start();
    add("a", 5, 0);
    run();
    prepare();

    const auto sent = collector.take();
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].topic, "app-counts-changelog");
    EXPECT_EQ(sent[0].partition, 3);
    EXPECT_EQ(sent[0].value, "a");
    EXPECT_EQ(sent[0].timestamp, timestamp_of(5));
}

TEST_F(StreamTaskTest, StoresReceiveTheirAcknowledgedChangelogOffset) {
    calls.process = [](LambdaNode& node, const StringRecord& record) {
        dynamic_cast<KeyValueBytesStore&>(node.context().store(node, "counts"))
            .put(record.key, record.value);
    };
    start();
    add("a", 5, 0);
    add("b", 6, 1);
    run();
    prepare();
    EXPECT_EQ(task->stores().changelog_offset(0), std::nullopt);

    task->post_commit();

    EXPECT_EQ(task->stores().changelog_offset(0), 1);
}

TEST_F(StreamTaskTest, ReturnsToANodeOnlyItsConnectedStores) {
    start();
    support::StringSink stranger("sink", "x");

    EXPECT_THROW(task->store(stranger, "counts"), TopologyError);
    EXPECT_THROW(task->store(stranger, "no such store"), TopologyError);
}

TEST_F(StreamTaskTest, AFailingNodeFailsTheTaskByDefault) {
    calls.process = [](LambdaNode&, const StringRecord&) { throw std::runtime_error("boom"); };
    start();
    add("a", 5, 42);
    task->fetch();

    try {
        task->process(1, timestamp_of(0));
        FAIL() << "no exception";
    } catch (const ProcessingError& error) {
        EXPECT_THAT(error.what(),
                    HasSubstr("node count, topic in, partition 3, offset 42, task 0_3: boom"));
    }
}

TEST_F(StreamTaskTest, AHandlerMaySkipAFailedRecord) {
    settings->processing_handler = log_and_continue;
    make();
    calls.process = [](LambdaNode& node, const StringRecord& record) {
        if (record.value == "bad") {
            throw std::runtime_error("boom");
        }
        node.forward(record);
    };
    start();
    add("a", 5, 0);
    add("bad", 6, 1);
    add("c", 7, 2);
    run();

    EXPECT_THAT(out(), ElementsAre("a", "c"));
    EXPECT_EQ(task->dropped_records(), 1U);
}

TEST_F(StreamTaskTest, HandlersAreNotCalledForDamagedStateOrControlFlow) {
    bool asked = false;
    settings->processing_handler = [&](const ErrorContext&, const std::exception&) {
        asked = true;
        return ErrorResponse{.decision = ErrorDecision::kResume};
    };
    make();
    calls.process = [](LambdaNode&, const StringRecord& record) {
        if (record.value == "migrated") {
            throw RestartFromCommit("fenced");
        }
        throw StateError("disk full");
    };
    start();
    add("state", 5, 0);
    task->fetch();

    EXPECT_THROW(task->process(1, timestamp_of(0)), StateError);
    EXPECT_FALSE(asked);
}

TEST_F(StreamTaskTest, SendsDeadLettersForEveryDecision) {
    settings->dead_letter_topic = "dead";
    make();
    start();
    add("unreadable", 5, 9);

    EXPECT_THROW(task->fetch(), ProcessingError);

    const auto sent = collector.take();
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].topic, "dead");
    EXPECT_EQ(sent[0].value, "unreadable");
    EXPECT_EQ(sent[0].headers.last("__streams.errors.offset")->value, "9");
}

TEST_F(StreamTaskTest, PunctuatesWithTheTimeThatFired) {
    std::vector<std::string> fired;
    calls.init = [&](LambdaNode& node) {
        node.context().schedule(node, {.interval = 10ms}, [&](Timestamp time) {
            fired.push_back("stream " + std::to_string(milliseconds_of(time)));
            EXPECT_EQ(node.context().record().topic, nullptr);
            EXPECT_EQ(node.context().record().timestamp, time);
        });
        node.context().schedule(
            node, {.interval = 100ms, .type = PunctuationType::kWallClock}, [&](Timestamp time) {
                fired.push_back("wall " + std::to_string(milliseconds_of(time)));
            });
    };
    start();
    EXPECT_FALSE(task->punctuate(timestamp_of(1099)));
    EXPECT_TRUE(task->punctuate(timestamp_of(1100)));

    add("a", 25, 0);
    run();
    EXPECT_TRUE(task->punctuate(timestamp_of(1101)));
    EXPECT_FALSE(task->punctuate(timestamp_of(1102)));

    EXPECT_THAT(fired, ElementsAre("wall 1100", "stream 25"));
    EXPECT_TRUE(task->commit_needed());
}

TEST_F(StreamTaskTest, AnchorsSchedulesAtTheGivenTimeAndNeverInThePast) {
    std::vector<std::int64_t> fired;
    calls.init = [&](LambdaNode& node) {
        for (const std::int64_t start : {1050, 970}) {
            node.context().schedule(node,
                                    {.interval = 40ms,
                                     .type = PunctuationType::kWallClock,
                                     .start = timestamp_of(start)},
                                    [&fired, start](Timestamp) { fired.push_back(start); });
        }
    };
    start();  // At 1000.

    task->punctuate(timestamp_of(1009));
    EXPECT_THAT(fired, IsEmpty());
    task->punctuate(timestamp_of(1010));
    EXPECT_THAT(fired, ElementsAre(970));
    task->punctuate(timestamp_of(1049));
    EXPECT_THAT(fired, ElementsAre(970));
}

TEST_F(StreamTaskTest, RefusesIntervalsBelowAMillisecond) {
    calls.init = [&](LambdaNode& node) {
        EXPECT_THROW(node.context().schedule(node, {}, [](Timestamp) {}), std::invalid_argument);
    };
    start();
}

TEST_F(StreamTaskTest, RecordsThatANodeRequestedACommit) {
    calls.process = [](LambdaNode& node, const StringRecord&) { node.context().request_commit(); };
    start();
    add("a", 5, 0);
    run();
    EXPECT_TRUE(task->commit_requested());

    prepare();
    task->post_commit();
    EXPECT_FALSE(task->commit_requested());
}

TEST_F(StreamTaskTest, FreesBufferedRecordsAndClosesNodesWhenSuspended) {
    int closed = 0;
    calls.close = [&](LambdaNode&) { ++closed; };
    start();
    add("a", 5, 0);
    task->fetch();
    EXPECT_EQ(stock.alive(), 1);

    task->suspend();
    task->suspend();

    EXPECT_EQ(stock.alive(), 0);
    EXPECT_EQ(closed, 1);
    EXPECT_EQ(task->state(), TaskState::kSuspended);
    task->close_clean();
    EXPECT_EQ(task->state(), TaskState::kClosed);
}

TEST_F(StreamTaskTest, ClosesDirtyFromAnyState) {
    task->close_dirty();
    EXPECT_EQ(task->state(), TaskState::kClosed);

    make();
    calls.close = [](LambdaNode&) { throw std::runtime_error("boom"); };
    start();
    task->close_dirty();
    EXPECT_EQ(task->state(), TaskState::kClosed);
}

TEST_F(StreamTaskTest, ReturnsTheChangelogPartitionsOfItsStores) {
    ASSERT_THAT(task->changelogs(), SizeIs(1));
    EXPECT_EQ(task->changelogs()[0].partition, (TopicPartition{"app-counts-changelog", 3}));
    EXPECT_FALSE(task->changelogs()[0].source_topic);
    EXPECT_EQ(task->setting("x"), "<x>");
}

}  // namespace
}  // namespace millrace::runtime
