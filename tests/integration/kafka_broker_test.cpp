// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_broker.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>

#include "rdkafka_client.hpp"

namespace millrace::testing {
namespace {

using ::testing::HasSubstr;

TEST(KafkaBroker, ServesTheSharedBrokerToEveryTest) {
    RdKafkaClient client(KafkaBroker::shared().bootstrap_servers());

    EXPECT_EQ(client.broker_count(), 1);
    EXPECT_EQ(&KafkaBroker::shared(), &KafkaBroker::shared());
}

TEST(KafkaBroker, RestartsOnTheSamePortWithItsTopicsAfterACrash) {
    KafkaBroker broker;
    const std::string servers = broker.bootstrap_servers();
    RdKafkaClient(servers).create_topic("kept", 3);

    broker.kill9();
    broker.start_again();  // Throws if the old process is still running.

    EXPECT_EQ(broker.bootstrap_servers(), servers);
    EXPECT_EQ(RdKafkaClient(servers).partition_count("kept"), 3);
}

TEST(KafkaBroker, ThrowsTheToolsOutputWhenASettingIsBad) {
    try {
        KafkaBroker broker({"num.io.threads=none"});
        FAIL() << "started with a setting that is not a number";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("num.io.threads"));
    }
}

TEST(KafkaBroker, NamesTheSetUpScriptWhenTheJarsAreMissing) {
    const std::string before = std::getenv("MILLRACE_CACHE") ? std::getenv("MILLRACE_CACHE") : "";
    ::setenv("MILLRACE_CACHE", "/nonexistent", 1);
    std::string message;
    try {
        KafkaBroker broker;
    } catch (const std::runtime_error& error) {
        message = error.what();
    }
    before.empty() ? ::unsetenv("MILLRACE_CACHE") : ::setenv("MILLRACE_CACHE", before.c_str(), 1);

    EXPECT_THAT(message, HasSubstr("tools/setup"));
}

}  // namespace
}  // namespace millrace::testing
