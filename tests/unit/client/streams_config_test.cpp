// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/streams_config.hpp"

#include "client/settings/client_settings.hpp"
#include "client/settings/settings_table.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstdlib>

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

StreamsConfig valid_config() {
    return {.application_id = "app", .bootstrap_servers = "b:9092"};
}

template <class Action>
std::string error_of(Action action) {
    try {
        action();
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "no error";
}

TEST(StreamsConfig, HasTheDefaultsOfKafkaStreams) {
    const StreamsConfig config = valid_config();

    EXPECT_EQ(config.get("num.stream.threads"), "1");
    EXPECT_EQ(config.get("commit.interval.ms"), "30000");
    EXPECT_EQ(config.get("statestore.cache.max.bytes"), "10485760");
    EXPECT_EQ(config.get("buffered.records.per.partition"), "1000");
    EXPECT_EQ(config.get("task.timeout.ms"), "300000");
    EXPECT_NO_THROW(config.validate());
}

TEST(StreamsConfig, AcceptsTheFormatsOfStores) {
    StreamsConfig config = valid_config();
    EXPECT_EQ(config.get("dsl.store.format"), "default");
    config.set("dsl.store.format", "HEADERS");

    EXPECT_EQ(config.dsl_store_format, "headers");
    EXPECT_THAT(
        error_of([&] { config.set("dsl.store.format", "paper"); }),
        AllOf(HasSubstr("dsl.store.format"), HasSubstr("paper"), HasSubstr("default or headers")));
}

TEST(StreamsConfig, ReturnsTheTopologyOptions) {
    const auto told = [](std::string_view optimization) {
        StreamsConfig config;
        config.set("topology.optimization", optimization);
        const TopologyOptions options = config.topology_options();
        return std::array{options.reuse_source_topics, options.merge_repartition_topics,
                          options.single_store_self_join};
    };

    EXPECT_THAT(told("none"), ElementsAre(false, false, false));
    EXPECT_THAT(told("all"), ElementsAre(true, true, true));
    EXPECT_THAT(told("reuse.ktable.source.topics"), ElementsAre(true, false, false));
    EXPECT_THAT(told("single.store.self.join, merge.repartition.topics"),
                ElementsAre(false, true, true));
    EXPECT_THAT(error_of([&] { told("some"); }), AllOf(HasSubstr("topology.optimization"),
                                                       HasSubstr("some"), HasSubstr("none, all")));
    EXPECT_THAT(error_of([&] { told("all,merge.repartition.topics"); }), HasSubstr("none, all"));
    StreamsConfig by_field;
    by_field.topology_optimization = "some";
    EXPECT_THAT(error_of([&] { by_field.topology_options(); }), HasSubstr("none, all"));
}

TEST(StreamsConfig, CanRequireExplicitNames) {
    StreamsConfig config;
    EXPECT_FALSE(config.topology_options().require_explicit_names);
    config.set("ensure.explicit.internal.resource.naming", "true");

    EXPECT_TRUE(config.topology_options().require_explicit_names);
    EXPECT_THAT(error_of([&] { config.set("ensure.explicit.internal.resource.naming", "1"); }),
                HasSubstr("true or false"));
}

TEST(StreamsConfig, ReadsPropertiesLikeJava) {
    const auto config = StreamsConfig::from_properties(
        "# a comment\n"
        "! another\n"
        "application.id = orders\n"
        "bootstrap.servers: one:9092,\\\n"
        "    two:9092\n"
        "commit.interval.ms=100\r\n");

    EXPECT_EQ(config.application_id, "orders");
    EXPECT_EQ(config.bootstrap_servers, "one:9092,two:9092");
    EXPECT_EQ(config.effective_commit_interval(), 100ms);
}

TEST(StreamsConfig, ReportsEveryBadSettingAtOnceWithNameValueAndRange) {
    const std::string error = error_of([] {
        StreamsConfig::from_properties(
            "num.stream.threads = zero\nnum.stream.thread = 2\npoll.ms = -5\n");
    });

    EXPECT_THAT(
        error,
        AllOf(HasSubstr("num.stream.threads = \"zero\": must be an integer from 1 to"),
              HasSubstr("num.stream.thread: unknown setting; did you mean num.stream.threads?"),
              HasSubstr("poll.ms = \"-5\": must be an integer from 0 to")));
}

TEST(StreamsConfig, ReportsEveryFieldOutOfRangeAtOnce) {
    const StreamsConfig config{.num_stream_threads = 0, .buffered_records_per_partition = 0};

    const std::string error = error_of([&] { config.validate(); });

    EXPECT_THAT(error,
                AllOf(HasSubstr("application.id = \"\""), HasSubstr("num.stream.threads = \"0\""),
                      HasSubstr("buffered.records.per.partition = \"0\"")));
}

TEST(StreamsConfig, CommitsMoreOftenWithExactlyOnce) {
    StreamsConfig config = valid_config();
    config.set("processing.guarantee", "exactly_once_v2");

    EXPECT_NO_THROW(config.validate());
    EXPECT_EQ(config.effective_commit_interval(), 100ms);
}

TEST(StreamsConfig, ExplainsUnsupportedSettingsOfKafkaStreams) {
    StreamsConfig config;

    EXPECT_THAT(error_of([&] { config.set("default.key.serde", "x"); }),
                HasSubstr("the compiler chooses serdes"));
    EXPECT_THAT(error_of([&] { config.set("processor.wrapper.class", "x"); }),
                HasSubstr("pass it to the builder as TopologyOptions::processor_wrapper"));
}

TEST(StreamsConfig, NeverShowsSecrets) {
    StreamsConfig config = valid_config();
    config.set("sasl.password", "hunter2").set("ssl.key.pem", "hunter2");

    EXPECT_THAT(config.to_string(),
                AllOf(HasSubstr("sasl.password = [hidden]"), Not(HasSubstr("hunter2"))));
}

TEST(StreamsConfig, HidesWhatTheKafkaClientsHide) {
    for (const char* name : {"sasl.oauthbearer.assertion.private.key.passphrase",
                             "producer.sasl.oauthbearer.config", "app.database.credentials"}) {
        StreamsConfig config = valid_config();
        config.set(name, "hunter2");

        EXPECT_THAT(config.to_string(), Not(HasSubstr("hunter2"))) << name;
    }
}

TEST(StreamsConfig, ReadsEnvironmentVariables) {
    ::setenv("MILLRACE_NUM_STREAM_THREADS", "3", 1);
    StreamsConfig config = valid_config();
    config.apply_environment();
    ::unsetenv("MILLRACE_NUM_STREAM_THREADS");

    EXPECT_EQ(config.num_stream_threads, 3);
}

TEST(StreamsConfig, RemovesItsArgumentsAndKeepsTheOthers) {
    const char* arguments[] = {"program",  "--config", "poll.ms=5",
                               "--seed",   "7",        "--config=num.stream.threads=2",
                               "--config", "poll.ms=6"};
    StreamsConfig config = valid_config();

    const auto rest = config.apply_arguments(8, arguments);

    EXPECT_THAT(rest, ElementsAre("--seed", "7"));
    EXPECT_EQ(config.poll, 6ms);
    EXPECT_EQ(config.num_stream_threads, 2);
}

TEST(StreamsConfig, EverySettingAcceptsWhatItPrints) {
    StreamsConfig config = valid_config();
    for (const auto& setting : client::settings()) {
        EXPECT_TRUE(setting.read(config, setting.write(config))) << setting.name;
    }
}

TEST(ClientSettings, PreferTheMoreSpecificPrefix) {
    StreamsConfig config = valid_config();
    config.set("fetch.min.bytes", "1").set("consumer.fetch.min.bytes", "2");
    config.set("main.consumer.fetch.min.bytes", "3");

    EXPECT_THAT(client_settings(config, Role::kMainConsumer, "c"),
                Contains(Pair("fetch.min.bytes", "3")));
    EXPECT_THAT(client_settings(config, Role::kRestoreConsumer, "c"),
                Contains(Pair("fetch.min.bytes", "2")));
    EXPECT_THAT(client_settings(config, Role::kProducer, "c"),
                Not(Contains(Key("fetch.min.bytes"))));
}

TEST(ClientSettings, TranslateTheNamesOfTheJavaClients) {
    StreamsConfig config = valid_config();
    config.set("fetch.max.wait.ms", "7").set("producer.buffer.memory", "33554432");
    config.set("sasl.jaas.config", "x required username=\"ada\" password=\"hunter2\";");

    EXPECT_THAT(
        client_settings(config, Role::kMainConsumer, "c"),
        AllOf(Contains(Pair("fetch.wait.max.ms", "7")), Contains(Pair("sasl.username", "ada"))));
    EXPECT_THAT(client_settings(config, Role::kProducer, "c"),
                Contains(Pair("queue.buffering.max.kbytes", "32768")));
}

TEST(ClientSettings, KeepTheFixedSettings) {
    StreamsConfig config = valid_config();
    config.set("consumer.enable.auto.commit", "true").set("consumer.group.id", "other");

    EXPECT_THAT(
        client_settings(config, Role::kMainConsumer, "c"),
        AllOf(Contains(Pair("enable.auto.commit", "false")), Contains(Pair("group.id", "app"))));
}

}  // namespace
}  // namespace millrace
