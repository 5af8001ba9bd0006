// SPDX-License-Identifier: Apache-2.0

// Settings of Kafka Streams and of Kafka's clients that Millrace fixes, ignores or refuses.
#include "client/settings/client_settings.hpp"
#include "client/settings/foreign_settings.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {
namespace {

using client::client_settings;
using client::Role;
using client::settings_without_effect;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

StreamsConfig with(const std::string& name, const std::string& value) {
    StreamsConfig config{.application_id = "app", .bootstrap_servers = "broker:9092"};
    config.set(name, value);
    return config;
}

std::string refusal(const std::string& name, const std::string& value) {
    try {
        with(name, value);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return {};
}

constexpr std::pair<const char*, Role> kConsumers[]{
    {"main.consumer.", Role::kMainConsumer},
    {"restore.consumer.", Role::kRestoreConsumer},
    {"global.consumer.", Role::kGlobalConsumer},
};

TEST(KnownSettings, TheMostSpecificIsolationLevelOfEachConsumerWins) {
    for (const auto& [prefix, role] : kConsumers) {
        SCOPED_TRACE(prefix);
        const auto level = [role = role](const StreamsConfig& config) {
            return client_settings(config, role, "c").at("isolation.level");
        };
        StreamsConfig config{.application_id = "app"};
        EXPECT_EQ(level(config), "read_uncommitted") << "the default of Kafka's consumer";
        config.set("isolation.level", "read_committed");
        EXPECT_EQ(level(config), "read_committed");
        config.set("consumer.isolation.level", "read_uncommitted");
        EXPECT_EQ(level(config), "read_uncommitted");
        config.set(std::string(prefix) + "isolation.level", "READ_COMMITTED");
        EXPECT_EQ(level(config), "read_committed");
    }
}

TEST(KnownSettings, ThoseThatMillraceFixesAreIgnoredWithAWarning) {
    const std::map<std::string, std::string> fixed{
        {"consumer.group.id", "the group is application.id"},
        {"group.id", "the group is application.id"},
        {"consumer.enable.auto.commit", "commits the offsets of the records that it has processed"},
        {"enable.auto.commit", "commits the offsets of the records that it has processed"},
        {"consumer.allow.auto.create.topics", "never created by reading"},
        {"consumer.client.id", "derived from the setting client.id"},
        {"partition.assignment.strategy", "own assignor"},
        {"main.consumer.partition.assignment.strategy", "own assignor"},
        {"consumer.key.deserializer", "the compiler chooses serdes by type"},
        {"producer.value.serializer", "the compiler chooses serdes by type"},
        {"producer.transactional.id", "derived from application.id"},
        {"restore.consumer.auto.offset.reset", "from where their content ends"},
        {"global.consumer.group.instance.id", "only the main consumer joins the group"},
        {"upgrade.from", "same rebalance protocol"},
        {"metrics.recording.level", "all of them are recorded"},
        {"built.in.metrics.version", "all of them are recorded"},
        {"socket.connection.setup.timeout.max.ms", "librdkafka has no such setting"},
        {"compression.zstd.level", "set producer.compression.level"},
        {"producer.partitioner.ignore.keys", "chooses the partition of every record"},
        {"producer.max.block.ms", "librdkafka has no such setting"},
    };
    for (const auto& [name, reason] : fixed) {
        SCOPED_TRACE(name);
        const StreamsConfig config = with(name, "other");
        EXPECT_NO_THROW(config.validate());
        EXPECT_THAT(settings_without_effect(config),
                    ElementsAre(AllOf(HasSubstr(name), HasSubstr(reason))));
        for (const Role role : {Role::kMainConsumer, Role::kRestoreConsumer, Role::kGlobalConsumer,
                                Role::kProducer, Role::kAdmin}) {
            EXPECT_THAT(client_settings(config, role, "c"),
                        Not(Contains(Pair(::testing::_, "other"))));
        }
    }
}

TEST(KnownSettings, AnotherIsolationLevelIsIgnoredWithAWarningWithExactlyOnce) {
    for (const char* name :
         {"isolation.level", "consumer.isolation.level", "restore.consumer.isolation.level"}) {
        StreamsConfig config = with(name, "read_uncommitted");
        EXPECT_THAT(settings_without_effect(config), IsEmpty());
        config.set("processing.guarantee", "exactly_once_v2");
        EXPECT_THAT(settings_without_effect(config),
                    ElementsAre(AllOf(HasSubstr(name), HasSubstr("all consumers are"))));
        config.set(name, "read_committed");
        EXPECT_THAT(settings_without_effect(config), IsEmpty());
    }
}

TEST(KnownSettings, ThoseOfTheMainConsumerHaveAnEffect) {
    StreamsConfig config = with("group.instance.id", "one");
    config.set("consumer.auto.offset.reset", "latest");

    EXPECT_THAT(settings_without_effect(config), IsEmpty());
    EXPECT_THAT(client_settings(config, Role::kMainConsumer, "c"),
                Contains(Pair("group.instance.id", "one")));
    EXPECT_THAT(client_settings(config, Role::kGlobalConsumer, "c"),
                Not(Contains(Key("group.instance.id"))));
}

TEST(KnownSettings, AnInstanceIdThatIsEmptyOrThatKafkaDoesNotAllowIsRefused) {
    for (const char* name : {"group.instance.id", "main.consumer.group.instance.id"}) {
        for (const std::string& id : {std::string(), std::string("a b"), std::string(244, 'a')}) {
            EXPECT_THAT(refusal(name, id), HasSubstr(std::string(name) + " = \"" + id +
                                                     "\": must be 1 to 243 letters, digits"));
        }
        EXPECT_NO_THROW(with(name, std::string(243, 'a')).validate());
    }
}

TEST(KnownSettings, AnotherGroupProtocolIsRefusedWithTheReason) {
    for (const char* name : {"group.protocol", "consumer.group.protocol"}) {
        EXPECT_THAT(refusal(name, "consumer"),
                    HasSubstr(std::string(name) + " = \"consumer\": must be classic: the other"));
        EXPECT_THAT(refusal(name, "streams"), HasSubstr("must be classic"));
        EXPECT_THAT(settings_without_effect(with(name, "CLASSIC")), IsEmpty());
    }
    StreamsConfig config = with("group.protocol", "classic");
    config.others["group.protocol"] = "streams";
    EXPECT_THROW(config.validate(), ConfigError);
}

TEST(KnownSettings, WishesThatCannotBeMetAreRefusedWithTheReason) {
    EXPECT_THAT(refusal("consumer.interceptor.classes", "x.Y"), HasSubstr("does not load classes"));
    EXPECT_THAT(refusal("interceptor.classes", "x.Y"), HasSubstr("does not load classes"));
    EXPECT_THAT(refusal("producer.partitioner.class", "x.Y"), HasSubstr("pass a partitioner"));
    EXPECT_THAT(refusal("default.list.key.serde.type", "x.Y"), HasSubstr("by type"));
    EXPECT_THAT(
        refusal("consumer.isolation.level", "serializable"),
        HasSubstr("consumer.isolation.level = \"serializable\": must be read_uncommitted or "
                  "read_committed"));
    EXPECT_THAT(refusal("processing.exception.handler.global.enabled", "true"),
                HasSubstr("must be false: the handler is not called for global stores"));
    EXPECT_EQ(refusal("processing.exception.handler.global.enabled", "False"), "");
}

TEST(KnownSettings, OnlyASimilarNameIsSuggested) {
    EXPECT_THAT(refusal("num.stream.thread", "1"), HasSubstr("did you mean num.stream.threads?"));
    EXPECT_THAT(refusal("sesion.timeout.ms", "1"), HasSubstr("did you mean session.timeout.ms?"));
    EXPECT_THAT(refusal("colour", "red"),
                AllOf(HasSubstr("colour: unknown setting"), Not(HasSubstr("did you mean")),
                      HasSubstr("own settings start with app.")));
}

TEST(KnownSettings, ARequestTimeoutIsRefusedByTheNameThatWasSet) {
    for (const char* value : {"", "soon", "9", "300001", "2147483648", "1000 ms"}) {
        for (const char* name : {"request.timeout.ms", "producer.request.timeout.ms"}) {
            EXPECT_THAT(refusal(name, value),
                        HasSubstr(std::string(name) + " = \"" + value +
                                  "\": must be an integer from 10 to 300000"));
        }
    }
    EXPECT_THAT(refusal("request.timeout.ms", "10"), IsEmpty());
    EXPECT_THAT(refusal("admin.request.timeout.ms", "300000"), IsEmpty());
}

/// Kafka's own consumer refuses them, too.
TEST(KnownSettings, HeartbeatsAreMoreFrequentThanSessionsEnd) {
    const auto refused = [](const std::map<std::string, std::string>& settings) {
        StreamsConfig config{.application_id = "app"};
        config.set_all(settings);
        try {
            config.validate();
        } catch (const ConfigError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_THAT(refused({{"heartbeat.interval.ms", "45000"}}),
                HasSubstr("heartbeat.interval.ms = \"45000\": must be less than "
                          "session.timeout.ms, which is 45000"));
    EXPECT_THAT(refused({{"consumer.heartbeat.interval.ms", "7000"},
                         {"main.consumer.session.timeout.ms", "6000"}}),
                HasSubstr("which is 6000"));
    EXPECT_THAT(refused({{"heartbeat.interval.ms", "44999"}}), IsEmpty());
    EXPECT_THAT(refused({{"heartbeat.interval.ms", "50000"}, {"session.timeout.ms", "60000"}}),
                IsEmpty());
    EXPECT_THAT(refused({{"session.timeout.ms", "6000"}}), IsEmpty());
}

TEST(KnownSettings, ALongUnknownNameIsRefusedAtOnce) {
    // Searching for a similar name takes time for each pair of characters.
    EXPECT_THAT(refusal(std::string(8 << 20, 'x'), "1"), HasSubstr("unknown setting"));
}

TEST(KnownSettings, BooleansIgnoreCase) {
    EXPECT_TRUE(with("ensure.explicit.internal.resource.naming", "TRUE")
                    .ensure_explicit_internal_resource_naming);
    EXPECT_FALSE(with("ensure.explicit.internal.resource.naming", "False")
                     .ensure_explicit_internal_resource_naming);
    EXPECT_THAT(refusal("ensure.explicit.internal.resource.naming", "yes"),
                HasSubstr("must be true or false"));
}

TEST(KnownSettings, AClientMayHaveItsOwnBrokers) {
    const StreamsConfig config = with("admin.bootstrap.servers", "other:9092");

    EXPECT_THAT(client_settings(config, Role::kAdmin, "c"),
                Contains(Pair("bootstrap.servers", "other:9092")));
    EXPECT_THAT(client_settings(config, Role::kProducer, "c"),
                Contains(Pair("bootstrap.servers", "broker:9092")));
}

}  // namespace
}  // namespace millrace
