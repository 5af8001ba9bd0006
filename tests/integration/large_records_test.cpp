// SPDX-License-Identifier: Apache-2.0

// Records and batches that are too large for their topics.
#include "integration/application.hpp"

#include "support/forwarding_admin.hpp"
#include "support/forwarding_clients.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <algorithm>
#include <mutex>
#include <span>
#include <utility>

namespace millrace::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using Text = std::string;

constexpr int kRecords = 200;
constexpr int kLarge = 77;  // The record that is too large.

/// Not authorized to read the limits of topics.
class UninformedAdmin final : public support::ForwardingAdmin {
  public:
    explicit UninformedAdmin(std::unique_ptr<kafka::Admin> to)
        : ForwardingAdmin(*to), owned_(std::move(to)) {}

    kafka::Result<std::vector<kafka::Result<std::int64_t>>> largest_batches(
        std::span<const std::string> names, std::chrono::milliseconds) override {
        return std::vector<kafka::Result<std::int64_t>>(
            names.size(), kafka::Status(kafka::ErrorCode::kAuthorization, "not for you"));
    }

  private:
    std::unique_ptr<kafka::Admin> owned_;
};

class UninformedClients final : public support::ForwardingClients {
  public:
    using ForwardingClients::ForwardingClients;

    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override {
        return std::make_unique<UninformedAdmin>(ForwardingClients::make_admin(settings));
    }
};

class LargeRecords : public Application {
  protected:
    /// Records of 100 bytes that start with their number; one of them has 6000 bytes.
    std::vector<Sent> small_and_one_large() const {
        std::vector<Sent> records = small();
        records[kLarge].value += std::string(5'900, 'y');
        return records;
    }

    std::vector<Sent> small() const {
        std::vector<Sent> records;
        for (int i = 0; i < kRecords; ++i) {
            std::string value = std::to_string(i);
            value.resize(100, ' ');
            records.push_back({.key = "k" + std::to_string(i % 3), .value = value, .time = i});
        }
        return records;
    }

    /// In the format of `read_lines`.
    static std::vector<std::string> lines_of(const std::vector<Sent>& records) {
        std::vector<std::string> lines;
        for (const Sent& record : records) {
            lines.push_back(record.key + "=" + record.value);
        }
        return lines;
    }

    /// Batches have the maximum size: all records wait for the commit.
    StreamsConfig patient() const {
        StreamsConfig config = this->config();
        config.set("producer.linger.ms", "1000");
        return config;
    }

    /// Continues after every record that cannot be sent, and stores it.
    StreamsConfig resuming() {
        StreamsConfig config = patient();
        config.production_exception_handler = [this](const ErrorContext&,
                                                     const FailedRecord& record,
                                                     const std::exception& error) {
            const std::scoped_lock lock(mutex_);
            asked_.push_back(std::string(record.topic) + " " +
                             std::to_string(record.value.value_or("").size()) + " " + error.what());
            refused.happened();
            return ErrorResponse{.decision = ErrorDecision::kResume};
        };
        return config;
    }

    std::vector<std::string> asked() const {
        const std::scoped_lock lock(mutex_);
        return asked_;
    }

    void run(const Topology& topology, const StreamsConfig& config) {
        const auto streams = client(topology, config);
        streams->start();
        ASSERT_TRUE(processed.wait_for(kRecords));
        ASSERT_TRUE(streams->close(kPatience));
    }

    /// Relays `records` from a new topic to `out` until all were processed.
    void relay(const std::vector<Sent>& records, const std::string& out,
               const StreamsConfig& config) {
        const auto in = create_topic("in");
        StreamsBuilder builder;
        builder.stream<Text, Text>(in).peek([&](const Text&) { processed.happened(); }).to(out);
        send(in, records);
        run(std::move(builder).build(), config);
    }

    support::Events refused;

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;
};

std::vector<std::string> without_the_large(std::vector<std::string> lines) {
    lines.erase(lines.begin() + kLarge);
    return lines;
}

TEST_P(LargeRecords, AreTheOnlyOnesThatAreLostWhenTheHandlerContinues) {
    const auto out = create_topic("out", 1, {{"max.message.bytes", "5000"}});

    relay(small_and_one_large(), out, resuming());

    EXPECT_THAT(asked(),
                ElementsAre(AllOf(HasSubstr(out + " 6000"), HasSubstr("max.message.bytes"))));
    EXPECT_THAT(read_lines(out), ElementsAreArray(without_the_large(lines_of(small()))));
}

TEST_P(LargeRecords, AreTheOnlyOnesThatAreLostInTopicsThatRecordsName) {
    const auto in = create_topic("in");
    const auto wide = create_topic("wide");
    const auto narrow = create_topic("narrow", 1, {{"max.message.bytes", "5000"}});
    StreamsBuilder builder;
    builder.stream<Text, Text>(in)
        .peek([&](const Text&) { processed.happened(); })
        .to([&](const Text&, const Text& value, const RecordContextView&) {
            return value.starts_with("1") ? wide : narrow;
        });
    const auto records = small_and_one_large();
    send(in, records);

    run(std::move(builder).build(), resuming());

    std::vector<std::string> in_wide;
    std::vector<std::string> in_narrow;
    for (const Sent& record : records) {
        if (record.value.size() == 100) {
            (record.value.starts_with("1") ? in_wide : in_narrow)
                .push_back(record.key + "=" + record.value);
        }
    }
    EXPECT_THAT(asked(), ElementsAre(HasSubstr(narrow + " 6000")));
    EXPECT_THAT(read_lines(wide), ElementsAreArray(in_wide));
    EXPECT_THAT(read_lines(narrow), ElementsAreArray(in_narrow));
}

// The thread restarts from its last commit until batches are small enough: records may be
// duplicated.
TEST_P(LargeRecords, AreTheOnlyOnesThatAreLostWhenTheLimitsCannotBeRead) {
    const auto in = create_topic("in");
    const auto out = create_topic("out", 1, {{"max.message.bytes", "5000"}});
    StreamsBuilder builder;
    builder.stream<Text, Text>(in).to(out);
    send(in, small_and_one_large());
    KafkaStreams streams(std::move(builder).build(), resuming(),
                         std::make_shared<UninformedClients>(clients()));

    streams.start();
    ASSERT_TRUE(refused.wait_for(1));
    ASSERT_TRUE(wait_for_lines(out, kRecords - 1));
    ASSERT_TRUE(streams.close(kPatience));

    EXPECT_THAT(asked(), ElementsAre(HasSubstr(out + " 6000")));
    const auto lines = read_lines(out);
    ASSERT_GE(lines.size(), std::size_t{kRecords - 1});
    EXPECT_THAT(std::vector(lines.end() - (kRecords - 1), lines.end()),
                ElementsAreArray(without_the_large(lines_of(small()))));
}

TEST_P(LargeRecords, AreNotCausedByBatchingSmallOnes) {
    const auto out = create_topic("out", 1, {{"max.message.bytes", "500"}});

    relay(small(), out, patient());

    EXPECT_THAT(read_lines(out), ElementsAreArray(lines_of(small())));
}

TEST_P(LargeRecords, AreNotCausedByBatchingSmallOnesForInternalTopics) {
    const auto in = create_topic("in");
    const auto out = create_topic("out");
    StreamsBuilder builder;
    builder.stream<Text, Text>(in)
        .group_by([](const Text&, const Text& value) { return value; })
        .count({.store = "counts"})
        .to_stream()
        .peek([&](const Text&, const auto&) { processed.happened(); })
        .map_values([](const auto& count) { return std::to_string(count); })
        .to(out);
    StreamsConfig narrow = patient();
    narrow.set("topic.max.message.bytes", "500");
    send(in, small());

    run(std::move(builder).build(), narrow);

    EXPECT_THAT(read_lines(out), SizeIs(kRecords));
    EXPECT_THAT(read_lines(application() + "-counts-changelog"), SizeIs(kRecords));
}

TEST_P(LargeRecords, ThatTheProducerRefusesAreNamedWithTheSetting) {
    const auto out = create_topic("out");
    StreamsConfig limited = resuming();
    limited.set("producer.max.request.size", "5000");

    relay(small_and_one_large(), out, limited);

    EXPECT_THAT(asked(), ElementsAre(AllOf(HasSubstr(out + " 6000"), HasSubstr("topic " + out),
                                           HasSubstr("max.request.size"), HasSubstr("5000"))));
    EXPECT_THAT(read_lines(out), ElementsAreArray(without_the_large(lines_of(small()))));
}

TEST_P(LargeRecords, AreSentUpToTheSizeThatKafkasOwnProducerAllows) {
    constexpr std::size_t kSize = 1'048'576 - 100;
    const auto in = create_topic("in");
    const auto out = create_topic("out");
    StreamsBuilder builder;
    builder.stream<Text, Text>(in)
        .map_values([](const Text& value) { return value + Text(kSize - value.size(), 'z'); })
        .to(out);
    const auto streams = client(std::move(builder).build(), patient());
    send(in, {{.key = "k", .value = "v"}});

    streams->start();
    ASSERT_TRUE(wait_for_lines(out, 1));
    ASSERT_TRUE(streams->close(kPatience));
}

INSTANTIATE_TEST_SUITE_P(Embedded, LargeRecords, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, LargeRecords, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
