// SPDX-License-Identifier: Apache-2.0
#include "client/assignor_options.hpp"
#include "client/settings/foreign_settings.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using assignment::RackStrategy;
using client::assignor_options;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::ThrowsMessage;

StreamsConfig valid_config() {
    return {.application_id = "app", .bootstrap_servers = "b:9092"};
}

TEST(AssignmentSettings, HaveTheDefaultsOfKafkaStreams) {
    const auto options = assignor_options(valid_config());

    EXPECT_EQ(options.standby_replicas, 0);
    EXPECT_EQ(options.warmup_replicas, 2);
    EXPECT_EQ(options.acceptable_recovery_lag, 10'000);
    EXPECT_EQ(options.probing_interval, 10min);
    EXPECT_THAT(options.rack_tags, IsEmpty());
    EXPECT_EQ(options.rack_strategy, RackStrategy::kNone);
    EXPECT_EQ(options.traffic_cost, 10);
    EXPECT_EQ(options.non_overlap_cost, 1);
    EXPECT_THAT(options.client_tags, IsEmpty());
}

TEST(AssignmentSettings, ReachTheAssignor) {
    StreamsConfig config = valid_config();
    config.set_all({{"num.standby.replicas", "1"},
                    {"max.warmup.replicas", "3"},
                    {"acceptable.recovery.lag", "5"},
                    {"probing.rebalance.interval.ms", "60000"},
                    {"client.tag.zone", "a"},
                    {"client.tag.cluster", "k8s"},
                    {"rack.aware.assignment.tags", "zone, cluster"},
                    {"rack.aware.assignment.strategy", "balance_subtopology"},
                    {"rack.aware.assignment.traffic_cost", "2"},
                    {"rack.aware.assignment.non_overlap_cost", "4"}});
    EXPECT_NO_THROW(config.validate());
    const auto options = assignor_options(config);

    EXPECT_EQ(options.standby_replicas, 1);
    EXPECT_EQ(options.warmup_replicas, 3);
    EXPECT_EQ(options.acceptable_recovery_lag, 5);
    EXPECT_EQ(options.probing_interval, 1min);
    EXPECT_THAT(options.client_tags, ElementsAre(Pair("cluster", "k8s"), Pair("zone", "a")));
    EXPECT_THAT(options.rack_tags, ElementsAre("zone", "cluster"));
    EXPECT_EQ(options.rack_strategy, RackStrategy::kBalanceSubTopology);
    EXPECT_EQ(options.traffic_cost, 2);
    EXPECT_EQ(options.non_overlap_cost, 4);
    EXPECT_THAT(client::settings_without_effect(config), IsEmpty());
    config.set("rack.aware.assignment.strategy", "min_traffic");
    EXPECT_EQ(assignor_options(config).rack_strategy, RackStrategy::kMinTraffic);
}

TEST(AssignmentSettings, AreRefusedOutOfRange) {
    const std::vector<std::pair<std::string, std::string>> refused{
        {"num.standby.replicas", "-1"},
        {"max.warmup.replicas", "0"},
        {"acceptable.recovery.lag", "-1"},
        {"probing.rebalance.interval.ms", "59999"},
        {"rack.aware.assignment.strategy", "near"},
        {"rack.aware.assignment.traffic_cost", "-1"},
        {"rack.aware.assignment.non_overlap_cost", "-1"},
        {"rack.aware.assignment.tags", "a,,b"},
        {"rack.aware.assignment.tags", "a,"},
        {"rack.aware.assignment.tags", "a,b,a"},
        {"rack.aware.assignment.tags", "a,b,c,d,e,f"}};
    for (const auto& each : refused) {
        const auto set = [&each] { valid_config().set(each.first, each.second); };
        EXPECT_THAT(set, ThrowsMessage<ConfigError>(
                             HasSubstr(each.first + " = \"" + each.second + "\": must be ")));
    }
}

TEST(AssignmentSettings, TagsHaveTheLimitsOfKafkaStreams) {
    const std::string longest(20, 'k');
    EXPECT_NO_THROW(valid_config().set("client.tag." + longest, std::string(30, 'v')));
    EXPECT_THAT([&] { valid_config().set("client.tag." + longest + "k", "v"); },
                ThrowsMessage<ConfigError>(HasSubstr("must have 1 to 20 characters")));
    EXPECT_THAT(
        [&] { valid_config().set("client.tag.zone", std::string(31, 'v')); },
        ThrowsMessage<ConfigError>(AllOf(HasSubstr("client.tag.zone"), HasSubstr("at most 30"))));

    StreamsConfig config = valid_config();
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        config.set("client.tag." + std::string(name), "v");
    }
    EXPECT_NO_THROW(config.validate());
    config.set("client.tag.f", "v");
    EXPECT_THAT([&] { config.validate(); },
                ThrowsMessage<ConfigError>(HasSubstr("at most 5 tags, not 6")));
}

TEST(AssignmentSettings, UsedTagsMustBeThoseOfTheInstance) {
    StreamsConfig config = valid_config();
    config.set("client.tag.zone", "a").set("rack.aware.assignment.tags", "zone,cluster");

    EXPECT_THAT([&] { config.validate(); },
                ThrowsMessage<ConfigError>(HasSubstr("no such tag: set client.tag.cluster")));
}

}  // namespace
}  // namespace millrace
