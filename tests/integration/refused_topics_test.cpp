// SPDX-License-Identifier: Apache-2.0

// Internal topics that a real broker refuses to create.
#include "kafka/admin.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "support/counting_topology.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RefusedTopicsOnKafka : public ::testing::Test {
  protected:
    RefusedTopicsOnKafka() {
        const std::vector<kafka::NewTopic> topics{{input, 1}, {output, 1}};
        const auto created = clients_of(broker)->make_admin({})->create_topics(topics, kPatience);
        EXPECT_TRUE(created.ok() && created.value().at(0).ok());
    }
    ~RefusedTopicsOnKafka() override { std::filesystem::remove_all(state_dir); }

    /// The errors of a client with that setting.
    std::vector<std::string> errors_with(const std::string& setting, const std::string& value) {
        StreamsConfig config{.application_id = application,
                             .bootstrap_servers = broker.bootstrap_servers(),
                             .state_dir = state_dir};
        config.set(setting, value);
        KafkaStreams streams(support::counting_topology([](const auto&) {}, input, output), config);
        std::mutex mutex;
        std::vector<std::string> errors;
        streams.set_uncaught_exception_handler([&](const std::exception& error) {
            const std::scoped_lock lock(mutex);
            errors.emplace_back(error.what());
            return UncaughtDecision::kShutDownClient;
        });
        streams.start();
        EXPECT_TRUE(streams.wait_for(ClientState::kError, kPatience));
        EXPECT_TRUE(streams.close(kPatience));
        return errors;
    }

    KafkaBroker& broker = KafkaBroker::shared();
    std::string application = unique_name("refused-app");
    std::string input = unique_name("refused-in");
    std::string output = unique_name("refused-out");
    std::filesystem::path state_dir =
        std::filesystem::temp_directory_path() / unique_name("millrace-state");
};

TEST_F(RefusedTopicsOnKafka, StopTheClientAndAreNamedWithTheReason) {
    EXPECT_THAT(errors_with("topic.retention.ms", "abc"),
                ElementsAre(AllOf(HasSubstr("cannot create internal topic"),
                                  HasSubstr(application + "-counts-changelog"),
                                  HasSubstr("INVALID_CONFIG"), HasSubstr("retention.ms"))));
    EXPECT_THAT(errors_with("topic.no.such.setting", "1"),
                ElementsAre(AllOf(HasSubstr("INVALID_CONFIG"), HasSubstr("no.such.setting"))));
    EXPECT_THAT(errors_with("replication.factor", "7"),
                ElementsAre(HasSubstr("INVALID_REPLICATION_FACTOR")));
}

}  // namespace
}  // namespace millrace::testing
