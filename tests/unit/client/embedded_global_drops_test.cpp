// SPDX-License-Identifier: Apache-2.0

// Records that global stores skip.
#include "millrace/client/query.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Text = std::string;
using Numbers = ReadOnlyKeyValueStore<Text, std::int64_t>;

class EmbeddedGlobalDrops : public support::EmbeddedApplication {
  protected:
    EmbeddedGlobalDrops() {
        create_topics(1);
        broker.create_topic("numbers", 1);
        broker.create_topic("rejected", 1);
        set_log_sink([this](LogLevel, std::string_view line) {
            const std::scoped_lock lock(mutex_);
            log_ += line;
        });
    }
    ~EmbeddedGlobalDrops() override { set_log_sink({}); }

    std::unique_ptr<KafkaStreams> running() {
        StreamsBuilder builder;
        builder.global_table<Text, std::int64_t>("numbers", {.store = "numbers"});
        builder.stream<Text, Text>("in").to("out");
        StreamsConfig with = config();
        with.deserialization_exception_handler = log_and_continue;
        with.errors_dead_letter_queue_topic_name = "rejected";
        auto streams = client(std::move(builder).build(), with);
        streams->start();
        return streams;
    }

    void send(const NullableOwnedBytes& key, const std::string& value) {
        broker.produce("numbers", {.key = key, .value = value});
    }

    static std::string number(char value) { return std::string(7, '\0') + value; }

    std::string log() const {
        const std::scoped_lock lock(mutex_);
        return log_;
    }

  private:
    mutable std::mutex mutex_;
    std::string log_;
};

TEST_F(EmbeddedGlobalDrops, AreCountedAtTheStartAndLater) {
    send("a", "unreadable");
    send(std::nullopt, number(1));
    const auto streams = running();
    EXPECT_EQ(metric(*streams, "dropped-records-total"), 2);

    send("a", "unreadable");
    send("b", number(2));
    while (!streams->store<Numbers>("numbers").get("b")) {
        std::this_thread::yield();
    }
    EXPECT_EQ(metric(*streams, "dropped-records-total"), 3);
    for (const ClientMetric& each : streams->metrics()) {
        if (each.name == "dropped-records-total" && each.value == 3) {
            EXPECT_THAT(each.tags.at("thread-id"), HasSubstr("-GlobalStreamThread"));
            EXPECT_EQ(each.tags.at("task-id"), "-1_-1");
        }
    }
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedGlobalDrops, HaveNoDeadLettersAndAWarningSaysSo) {
    send("a", "unreadable");
    const auto streams = running();
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(broker.records("rejected"), IsEmpty());
    EXPECT_THAT(log(), HasSubstr("dead letters of global stores are not sent: topic numbers, "
                                 "partition 0, offset 0"));
}

}  // namespace
}  // namespace millrace
