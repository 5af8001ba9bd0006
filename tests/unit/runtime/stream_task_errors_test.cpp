// SPDX-License-Identifier: Apache-2.0

// Errors in nodes and unreadable records: the task fails, or a handler decides.
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"
#include "unit/runtime/stream_task_fixture.hpp"

#include <stdexcept>

namespace millrace::runtime {
namespace {

using support::LambdaNode;
using support::StringRecord;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

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

}  // namespace
}  // namespace millrace::runtime
