// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_client_supplier.hpp"

#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <mutex>

namespace millrace::kafka {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string config_error_of(const std::function<void()>& make) {
    try {
        make();
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "no ConfigError";
}

std::string producer_error_of(const ClientSettings& settings) {
    return config_error_of([&] {
        millrace::testing::RecordingProducerListener listener;
        (void)rdkafka_clients({})->make_producer(settings, listener);
    });
}

std::string consumer_error_of(const ClientSettings& settings) {
    return config_error_of([&] { (void)rdkafka_clients({})->make_consumer(settings, nullptr); });
}

TEST(RdClientSupplier, NamesAnUnknownSettingWithoutItsValue) {
    EXPECT_THAT(producer_error_of({{"sasl.pasword", "hunter2"}}),
                AllOf(HasSubstr("sasl.pasword"), Not(HasSubstr("hunter2"))));
}

TEST(RdClientSupplier, NamesARefusedSettingItsValueAndWhatIsAccepted) {
    EXPECT_THAT(producer_error_of({{"linger.ms", "much"}}),
                AllOf(HasSubstr("linger.ms"), HasSubstr("much")));
    EXPECT_THAT(consumer_error_of({{"fetch.wait.max.ms", "9999999"}}),
                AllOf(HasSubstr("fetch.wait.max.ms"), HasSubstr("9999999"), HasSubstr("0..")));
}

TEST(RdClientSupplier, NeverShowsARefusedSecret) {
    // Both are refused: one when it is set, one when the client is created.
    EXPECT_THAT(producer_error_of({{"sasl.oauthbearer.client.secret", std::string(300'000, 's')},
                                   {"sasl.oauthbearer.method", "hunter2"}}),
                AllOf(HasSubstr("sasl.oauthbearer.method"), Not(HasSubstr("ssss"))));
    EXPECT_THAT(producer_error_of({{"ssl.key.pem", "hunter2"}, {"security.protocol", "ssl"}}),
                AllOf(Not(HasSubstr("no ConfigError")), Not(HasSubstr("hunter2"))));
}

TEST(RdClientSupplier, RefusesOtherValuesOfFixedSettings) {
    EXPECT_THAT(consumer_error_of({{"enable.auto.commit", "true"}}),
                AllOf(HasSubstr("enable.auto.commit"), HasSubstr("true"), HasSubstr("false")));
    EXPECT_EQ(consumer_error_of({{"enable.auto.commit", "false"}}), "no ConfigError");
}

TEST(RdClientSupplier, RefusesContradictorySettings) {
    EXPECT_THAT(producer_error_of({{"transactional.id", "x"},
                                   {"transaction.timeout.ms", "10000"},
                                   {"message.timeout.ms", "300000"}}),
                AllOf(HasSubstr("message.timeout.ms"), HasSubstr("transaction.timeout.ms")));
}

TEST(RdClientSupplier, PrefersAClientsOwnSettingsOverTheCommonOnes) {
    const auto clients = rdkafka_clients({{"linger.ms", "nonsense"}});
    millrace::testing::RecordingProducerListener listener;

    EXPECT_THROW((void)clients->make_producer({}, listener), ConfigError);
    EXPECT_NO_THROW((void)clients->make_producer({{"linger.ms", "5"}}, listener));
}

TEST(RdClientSupplier, CreatesClientsOfAnUnreachableCluster) {
    const auto clients = rdkafka_clients({{"bootstrap.servers", "127.0.0.1:1"}});
    millrace::testing::RecordingProducerListener producer_listener;
    millrace::testing::RecordingConsumerListener consumer_listener;

    const auto producer = clients->make_producer({}, producer_listener);
    const auto consumer = clients->make_consumer(
        {{"group.id", "g"}}, std::make_shared<millrace::testing::ToyAssignor>("x"));

    EXPECT_TRUE(consumer->subscribe({.topics = {"t"}}, consumer_listener).ok());
    EXPECT_FALSE(consumer->group_metadata().valid());
    EXPECT_FALSE(consumer->assignment_lost());
}

TEST(RdClientSupplier, RefusesAnAssignorWithTheNameOfABuiltInOne) {
    struct Range : millrace::testing::ToyAssignor {
        using ToyAssignor::ToyAssignor;
        std::string name() const override { return "range"; }
    };

    EXPECT_THAT(config_error_of([] {
                    (void)rdkafka_clients({})->make_consumer({{"group.id", "g"}},
                                                             std::make_shared<Range>("x"));
                }),
                HasSubstr("range"));
}

TEST(RdClientSupplier, LogsItsSettingsWithoutSecretsAndUnderTheClientsName) {
    std::mutex mutex;
    std::string lines;
    set_log_level(LogLevel::kDebug);
    set_log_sink([&](LogLevel, std::string_view line) {
        const std::lock_guard lock(mutex);
        lines += line;
        lines += '\n';
    });
    {
        millrace::testing::RecordingProducerListener listener;
        const auto producer =
            rdkafka_clients({{"bootstrap.servers", "127.0.0.1:1"}, {"sasl.password", "hunter2"}})
                ->make_producer({{"client.id", "tester"}, {"debug", "generic"}}, listener);
    }
    set_log_sink({});
    set_log_level(LogLevel::kInfo);

    EXPECT_THAT(lines, AllOf(HasSubstr("kafka client tester#producer"),
                             HasSubstr("sasl.password=[hidden]"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace millrace::kafka
