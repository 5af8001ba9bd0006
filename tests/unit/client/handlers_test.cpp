// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/handlers.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

ErrorContext context_of(const Headers& headers) {
    return {.task = {1, 2},
            .node = "SOURCE",
            .topic = "orders",
            .partition = 2,
            .offset = 42,
            .timestamp = timestamp_of(7),
            .headers = &headers,
            .source_key = "k",
            .source_value = std::nullopt};
}

TEST(Handlers, LogAndFailFailsAndLogAndContinueResumes) {
    const Headers none;
    const SerdeError error("bad");

    EXPECT_EQ(log_and_fail(context_of(none), error).decision, ErrorDecision::kFail);
    EXPECT_EQ(log_and_continue(context_of(none), error).decision, ErrorDecision::kResume);
}

TEST(Handlers, SendNoDeadLetterUnlessATopicIsSet) {
    const Headers none;
    auto context = context_of(none);
    EXPECT_THAT(log_and_continue(context, SerdeError("bad")).dead_letters, IsEmpty());

    context.dead_letter_topic = "dead";
    EXPECT_THAT(log_and_continue(context, SerdeError("bad")).dead_letters, SizeIs(1));
    EXPECT_THAT(log_and_fail(context, SerdeError("bad")).dead_letters, SizeIs(1));
}

TEST(Handlers, ADeadLetterIsTheSourceRecordWithItsHeadersAndTheReason) {
    const Headers original{{"trace", "x"}};
    auto context = context_of(original);
    context.dead_letter_topic = "dead";

    const DeadLetter letter = dead_letter(context, SerdeError("no long: 2 bytes"));

    EXPECT_EQ(letter.topic, "dead");
    EXPECT_EQ(letter.key, "k");
    EXPECT_EQ(letter.value, std::nullopt);
    EXPECT_EQ(letter.timestamp, timestamp_of(7));
    EXPECT_EQ(letter.headers, (Headers{{"trace", "x"},
                                       {"__streams.errors.exception", "millrace::SerdeError"},
                                       {"__streams.errors.message", "no long: 2 bytes"},
                                       {"__streams.errors.stacktrace", "SOURCE"},
                                       {"__streams.errors.topic", "orders"},
                                       {"__streams.errors.partition", "2"},
                                       {"__streams.errors.offset", "42"}}));
}

TEST(Handlers, RetryOrFailRetriesOnlyRetriableErrors) {
    const Headers none;
    const KafkaError error("timed out");

    EXPECT_EQ(retry_or_fail(context_of(none), {.retriable = true}, error).decision,
              ErrorDecision::kRetry);
    EXPECT_EQ(retry_or_fail(context_of(none), {.retriable = false}, error).decision,
              ErrorDecision::kFail);
}

TEST(Handlers, ADeadLetterOfAFailedDeliveryIsTheFailedRecordIfTheSourceIsUnknown) {
    const Headers sent{{"trace", "x"}};
    const ErrorContext context{
        .node = "SINK", .timestamp = timestamp_of(7), .dead_letter_topic = "dead"};
    const FailedRecord record{.topic = "out", .key = "k", .value = "v", .headers = &sent};

    const auto letters = retry_or_fail(context, record, KafkaError("too large")).dead_letters;

    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].topic, "dead");
    EXPECT_EQ(letters[0].key, "k");
    EXPECT_EQ(letters[0].value, "v");
    EXPECT_EQ(letters[0].timestamp, timestamp_of(7));
    EXPECT_EQ(letters[0].headers, (Headers{{"trace", "x"},
                                           {"__streams.errors.exception", "millrace::KafkaError"},
                                           {"__streams.errors.message", "too large"},
                                           {"__streams.errors.stacktrace", "SINK"}}));
}

TEST(Handlers, ADeadLetterOfAFailedDeliveryIsTheSourceRecordIfItIsKnown) {
    const Headers original;
    auto context = context_of(original);
    context.dead_letter_topic = "dead";
    const FailedRecord record{.topic = "out", .key = "other", .value = "v"};

    const auto letters = retry_or_fail(context, record, KafkaError("too large")).dead_letters;

    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].key, "k");
    EXPECT_EQ(letters[0].value, std::nullopt);
    EXPECT_NE(letters[0].headers.last("__streams.errors.offset"), nullptr);
}

}  // namespace
}  // namespace millrace
