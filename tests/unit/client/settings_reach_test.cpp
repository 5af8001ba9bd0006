// SPDX-License-Identifier: Apache-2.0

// Settings have their effect, or a warning says that they have none.
#include "client/settings/client_settings.hpp"
#include "client/settings/settings_table.hpp"
#include "client/settings/transactions.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "support/embedded_application.hpp"
#include "support/forwarding_admin.hpp"
#include "support/forwarding_clients.hpp"

#include <gmock/gmock.h>

#include <mutex>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using client::client_settings;
using client::Role;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::ThrowsMessage;

class SettingsReach : public support::EmbeddedApplication {
  protected:
    SettingsReach() {
        set_log_sink([this](LogLevel level, std::string_view line) {
            const std::scoped_lock lock(mutex_);
            if (level == LogLevel::kWarn) {
                warnings_.emplace_back(line);
            }
        });
    }
    ~SettingsReach() override { set_log_sink({}); }

    std::vector<std::string> warnings() const {
        const std::scoped_lock lock(mutex_);
        return warnings_;
    }

    static Topology passing() {
        StreamsBuilder builder;
        builder.stream<std::string, std::string>("in").to("out");
        return std::move(builder).build();
    }

  private:
    mutable std::mutex mutex_;  // Guards the other members.
    std::vector<std::string> warnings_;
};

struct WithoutEffect {
    const char* name;
    const char* value;
    const char* reason;
};

constexpr std::array kWithoutEffect{
    WithoutEffect{"application.server", "host:1", "not routed between instances yet"},
    WithoutEffect{"max.poll.records", "5", "buffered.records.per.partition"},
    WithoutEffect{"consumer.max.poll.records", "5", "buffered.records.per.partition"},
    WithoutEffect{"main.consumer.max.poll.records", "5", "buffered.records.per.partition"},
};

TEST_F(SettingsReach, ThoseWithoutEffectAreReportedWhenAClientIsCreated) {
    StreamsConfig with = config();
    for (const WithoutEffect& each : kWithoutEffect) {
        with.set(each.name, each.value);
        EXPECT_EQ(with.get(each.name), each.value);
    }
    const auto streams = client(passing(), with);

    for (const WithoutEffect& each : kWithoutEffect) {
        EXPECT_THAT(warnings(), Contains(AllOf(HasSubstr("setting without effect"),
                                               HasSubstr(each.name), HasSubstr(each.reason))));
    }
    EXPECT_THAT(client_settings(with, Role::kMainConsumer, "c"),
                Not(Contains(Key("max.poll.records"))));
}

TEST_F(SettingsReach, NothingIsReportedForThoseWithAnEffect) {
    const auto streams = client(passing(), config());

    EXPECT_THAT(warnings(), ElementsAre());
}

/// Records the timeouts of requests to an admin client.
class NotingClients final : public support::ForwardingClients {
  public:
    using ForwardingClients::ForwardingClients;

    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override {
        real_ = ForwardingClients::make_admin(settings);
        return std::make_unique<NotingAdmin>(*real_, *this);
    }

    std::chrono::milliseconds longest_wait() const {
        const std::scoped_lock lock(mutex_);
        return longest_;
    }

  private:
    class NotingAdmin final : public support::ForwardingAdmin {
      public:
        NotingAdmin(kafka::Admin& to, NotingClients& notes) : ForwardingAdmin(to), notes_(notes) {}
        kafka::Result<kafka::PartitionCounts> describe_topics(
            std::span<const std::string> names, std::chrono::milliseconds timeout) override {
            {
                const std::scoped_lock lock(notes_.mutex_);
                notes_.longest_ = std::max(notes_.longest_, timeout);
            }
            return ForwardingAdmin::describe_topics(names, timeout);
        }

      private:
        NotingClients& notes_;
    };

    std::unique_ptr<kafka::Admin> real_;
    mutable std::mutex mutex_;
    std::chrono::milliseconds longest_{0};
};

TEST_F(SettingsReach, RequestTimeoutLimitsTheWaitForAResponse) {
    create_topics(1);
    broker.create_topic("table", 1);
    const auto longest_wait = [this](const std::string& timeout) {
        StreamsConfig with = config();
        if (!timeout.empty()) {
            with.set("request.timeout.ms", timeout);
        }
        StreamsBuilder builder;
        builder.global_table<std::string, std::string>("table", {.store = "rows"});
        builder.stream<std::string, std::string>("in").to("out");
        const auto clients = std::make_shared<NotingClients>(broker.clients());
        KafkaStreams streams(std::move(builder).build(), with, clients);
        streams.start();
        EXPECT_TRUE(streams.close(60s));
        return clients->longest_wait();
    };

    EXPECT_EQ(longest_wait(""), 10s);
    EXPECT_EQ(longest_wait("12345"), 12345ms);
}

TEST(RequestTimeout, IsTheMostSpecificOne) {
    StreamsConfig config;
    config.set("request.timeout.ms", "5000").set("restore.consumer.request.timeout.ms", "7000");

    EXPECT_EQ(client::request_timeout(config, Role::kMainConsumer), 5s);
    EXPECT_EQ(client::request_timeout(config, Role::kRestoreConsumer), 7s);
    EXPECT_THAT(client_settings(config, Role::kMainConsumer, "c"),
                Contains(Pair("socket.timeout.ms", "5000")));
    config.others["consumer.request.timeout.ms"] = "soon";
    EXPECT_THAT([&] { client::request_timeout(config, Role::kMainConsumer); },
                ThrowsMessage<ConfigError>(HasSubstr("consumer.request.timeout.ms = \"soon\"")));
}

TEST(RequestTimeout, LimitsTheWaitOfKafkaClientsForLostResponses) {
    StreamsConfig config;
    for (const Role role : {Role::kMainConsumer, Role::kRestoreConsumer, Role::kGlobalConsumer,
                            Role::kProducer, Role::kAdmin}) {
        EXPECT_THAT(client_settings(config, role, "c"),
                    Contains(Pair("socket.timeout.ms", "10000")));
    }

    config.set("consumer.fetch.max.wait.ms", "15000");
    EXPECT_THAT(client_settings(config, Role::kMainConsumer, "c"),
                Contains(Pair("socket.timeout.ms", "16000")))
        << "librdkafka requires more than for a fetch";
}

TEST(RequestTimeout, IsLessThanTheTimeoutOfTransactions) {
    StreamsConfig config;
    config.set("processing.guarantee", "exactly_once_v2");
    config.set("request.timeout.ms", "30000");
    kafka::ClientSettings producer = client_settings(config, Role::kProducer, "c");

    client::make_transactional(producer, config, "p");

    EXPECT_THAT(producer, Contains(Pair("socket.timeout.ms", "9900")));
}

TEST(MetadataMaxAge, LimitsTheAgeOfPartitionCounts) {
    StreamsConfig config;
    EXPECT_EQ(client::metadata_max_age(config, Role::kProducer), 5min);
    config.set("metadata.max.age.ms", "20000");

    EXPECT_EQ(client::metadata_max_age(config, Role::kProducer), 20s);
    EXPECT_THAT(client_settings(config, Role::kMainConsumer, "c"),
                Contains(Pair("topic.metadata.refresh.interval.ms", "20000")));
    config.set("metadata.max.age.ms", "90000000");
    EXPECT_THAT(client_settings(config, Role::kProducer, "c"),
                Contains(Pair("topic.metadata.refresh.interval.ms", "3600000")))
        << "librdkafka takes no more";
    config.set("topic.metadata.refresh.interval.ms", "1000");
    EXPECT_THAT(client_settings(config, Role::kProducer, "c"),
                Contains(Pair("topic.metadata.refresh.interval.ms", "1000")));
    EXPECT_THAT(client::topic_settings(config), ElementsAre()) << "none of internal topics";
}

TEST(DriverSettings, AreThoseOfAClient) {
    const auto driver = [](const std::string& name, const std::string& value) {
        StreamsBuilder builder;
        builder.stream<std::string, std::string>("in").to("out");
        testing::TopologyTestDriver(std::move(builder).build(), {.config = {{name, value}}});
    };
    const auto refused = [&](const std::string& name, const std::string& value) {
        return [=] { driver(name, value); };
    };

    EXPECT_THAT(refused("max.task.idle", "1"),
                ThrowsMessage<ConfigError>(HasSubstr("did you mean max.task.idle.ms?")));
    EXPECT_THAT(refused("my.setting", "1"),
                ThrowsMessage<ConfigError>(HasSubstr("own settings start with app.")));
    EXPECT_THAT(refused("topology.optimization", "all"),
                ThrowsMessage<ConfigError>(HasSubstr("topology was built without")));
    EXPECT_THAT(refused("default.key.serde", "x"),
                ThrowsMessage<ConfigError>(HasSubstr("the compiler chooses serdes")));
    EXPECT_NO_THROW(driver("num.stream.threads", "4"));
    EXPECT_NO_THROW(driver("consumer.fetch.min.bytes", "4"));
    EXPECT_NO_THROW(driver("app.limit", "4"));
    EXPECT_NO_THROW(driver("default.deserialization.exception.handler", "continue"));
}

}  // namespace
}  // namespace millrace
