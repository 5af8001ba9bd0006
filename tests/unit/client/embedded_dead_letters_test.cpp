// SPDX-License-Identifier: Apache-2.0

// Dead letters of errors that end the client: they explain what happened.
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EmbeddedDeadLetters : public support::EmbeddedApplication {
  protected:
    EmbeddedDeadLetters() {
        create_topics(1);
        broker.create_topic("rejected", 1);
    }

    StreamsConfig with_dead_letters() const {
        auto settings = config();
        settings.errors_dead_letter_queue_topic_name = "rejected";
        return settings;
    }

    /// Runs until an error ends the client.
    void run_until_failure(const Topology& topology, const StreamsConfig& settings) {
        const auto streams = client(topology, settings);
        streams->start();
        EXPECT_TRUE(streams->wait_for(ClientState::kError, 60s));
        EXPECT_TRUE(streams->close(60s));
        EXPECT_THAT(broker.committed_offsets("app"), IsEmpty()) << "nothing is skipped";
    }

    static std::string header(const testing::BrokerRecord& record, const std::string& name) {
        const Header* const found = record.headers.last("__streams.errors." + name);
        return found == nullptr ? "none" : std::string(found->value.value_or("null"));
    }
};

TEST_F(EmbeddedDeadLetters, OfAnUnreadableRecordIsInTheTopicWhenTheClientHasFailed) {
    StreamsBuilder builder;
    builder.stream<std::string, std::int64_t>("in").to("out");
    broker.produce("in", {.key = "k", .value = "no number"});

    run_until_failure(std::move(builder).build(), with_dead_letters());

    const auto letters = broker.records("rejected");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].key, "k");
    EXPECT_EQ(letters[0].value, "no number");
    EXPECT_EQ(header(letters[0], "offset"), "0");
}

TEST_F(EmbeddedDeadLetters, OfARecordThatCannotBeProcessedIsInTheTopicWhenTheClientHasFailed) {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in")
        .peek([](const std::string&, const std::string& value) {
            if (value == "bad") {
                throw std::runtime_error("a bad one");
            }
        })
        .to("out");
    broker.produce("in", {.key = "k", .value = "good"});
    broker.produce("in", {.key = "k", .value = "bad"});

    run_until_failure(std::move(builder).build(), with_dead_letters());

    const auto letters = broker.records("rejected");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].value, "bad");
    EXPECT_EQ(header(letters[0], "message"), "a bad one");
    EXPECT_EQ(header(letters[0], "topic"), "in");
    EXPECT_EQ(header(letters[0], "offset"), "1");
}

TEST_F(EmbeddedDeadLetters, OfARecordThatIsTooLargeToSendIsTheSourceRecord) {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in")
        .map_values([](const std::string& value) { return value + std::string(5'000, 'x'); })
        .to("out");
    broker.produce("in", {.key = "k", .value = "v"});
    auto settings = with_dead_letters();
    settings.others["producer.max.request.size"] = "3000";

    run_until_failure(std::move(builder).build(), settings);

    const auto letters = broker.records("rejected");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].key, "k");
    EXPECT_EQ(letters[0].value, "v");
    EXPECT_EQ(header(letters[0], "topic"), "in");
    EXPECT_EQ(header(letters[0], "partition"), "0");
    EXPECT_EQ(header(letters[0], "offset"), "0");
}

TEST_F(EmbeddedDeadLetters, OfAFailedDeliveryContainsTheFailedRecord) {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in")
        .map_values([](const std::string& value) { return value + "!"; })
        .to("out");
    broker.produce(
        "in", {.key = "k", .value = "v", .timestamp = timestamp_of(7), .headers = {{"h", "1"}}});
    broker.fail_next(testing::BrokerOperation::kProduce, testing::BrokerFault::kInvalidRecord);

    run_until_failure(std::move(builder).build(), with_dead_letters());

    const auto letters = broker.records("rejected");
    ASSERT_THAT(letters, SizeIs(1));
    EXPECT_EQ(letters[0].key, "k");
    EXPECT_EQ(letters[0].value, "v!");
    EXPECT_EQ(letters[0].timestamp, timestamp_of(7));
    ASSERT_NE(letters[0].headers.last("h"), nullptr);
    EXPECT_EQ(header(letters[0], "topic"), "none") << "what was read is no longer known";
    EXPECT_EQ(header(letters[0], "offset"), "none");
    EXPECT_NE(header(letters[0], "message"), "none");
}

TEST_F(EmbeddedDeadLetters, AMissingDeadLetterTopicDoesNotHideTheError) {
    StreamsBuilder builder;
    builder.stream<std::string, std::int64_t>("in").to("out");
    broker.produce("in", {.key = "k", .value = "no number"});
    auto settings = config();
    settings.errors_dead_letter_queue_topic_name = "nowhere";
    settings.task_timeout = 200ms;

    run_until_failure(std::move(builder).build(), settings);
}

}  // namespace
}  // namespace millrace
