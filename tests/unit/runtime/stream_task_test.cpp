// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/state/bytes_store.hpp"
#include "state/budget/cache_budget.hpp"
#include "unit/runtime/stream_task_fixture.hpp"

#include <stdexcept>

namespace millrace::runtime {
namespace {

using support::LambdaNode;
using support::StringRecord;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

TEST_F(StreamTaskTest, ReleasesStoresThatDoNotUseTheCacheBudgetOfItsThread) {
    using Release = std::unique_ptr<state::TaskStores> (StreamTask::*)();
    for (const Release release :
         {&StreamTask::close_keeping_stores, &StreamTask::close_releasing_stores,
          &StreamTask::close_dirty_releasing_stores}) {
        make();
        state::CacheBudget cache(1 << 20);
        start();
        task->stores().set_cache(cache);
        EXPECT_EQ(cache.read().stores(), 1U);
        if (release == &StreamTask::close_releasing_stores) {
            task->suspend();
        }
        const auto stores = (task.get()->*release)();
        ASSERT_NE(stores, nullptr);
        EXPECT_EQ(cache.read().stores(), 0U) << "the restore thread changes them next";
    }
}

TEST_F(StreamTaskTest, ReturnsTheChangelogPartitionsOfItsStores) {
    ASSERT_THAT(task->changelogs(), SizeIs(1));
    EXPECT_EQ(task->changelogs()[0].partition, (TopicPartition{"app-counts-changelog", 3}));
    EXPECT_FALSE(task->changelogs()[0].source_topic);
    EXPECT_EQ(task->setting("x"), "<x>");
}

}  // namespace
}  // namespace millrace::runtime
