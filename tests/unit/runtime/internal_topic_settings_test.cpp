// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_supplier.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/thread/internal_topics.hpp"
#include "topology/sub_topologies.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;

/// The settings of the internal topics of `program`, with `for_all` set for all of them.
class InternalTopicSettings : public ::testing::Test {
  protected:
    std::string setting(const std::string& topic, const std::string& name,
                        const std::map<std::string, std::string>& for_all) {
        StreamsBuilder builder;
        const auto grouped = builder.stream<std::string, std::string>("in")
                                 .select_key([](const std::string& value) { return value; })
                                 .group_by_key({.name = "grouped"});
        grouped.count({.store = "rows", .changelog_config = {{"segment.ms", "777"}}});
        grouped.windowed_by(TimeWindows::of(1h).grace(1h)).count({.store = "windows"});
        grouped.windowed_by(SessionWindows::of(1h).grace(1h)).count({.store = "sessions"});
        grouped.count({.store = "versions", .history = 1h});
        const Topology topology = std::move(builder).build();
        const auto application = topology::split(topology.spec(), "app", 24h);

        testing::EmbeddedBroker broker;
        broker.create_topic("in", 1);
        const auto admin = broker.clients()->make_admin({});
        InternalTopics topics(application, *admin, {.config = for_all});
        std::string reason;
        for (int round = 0; round < 5 && !topics.prepare(1s, reason); ++round) {
        }
        return admin->topic_config("app-" + topic, 1s).value()[name];
    }
};

TEST_F(InternalTopicSettings, OfAllTopicsOverrideTheDefaults) {
    EXPECT_EQ(setting("rows-changelog", "segment.bytes", {{"segment.bytes", "1048576"}}),
              "1048576");
    EXPECT_EQ(setting("grouped-repartition", "segment.bytes", {{"segment.bytes", "1048576"}}),
              "1048576");
    EXPECT_EQ(setting("windows-changelog", "min.cleanable.dirty.ratio",
                      {{"min.cleanable.dirty.ratio", "0.1"}}),
              "0.1");
}

TEST_F(InternalTopicSettings, OfAllTopicsAreOverriddenByThoseOfAStore) {
    EXPECT_EQ(setting("rows-changelog", "segment.ms", {{"segment.ms", "5"}}), "777");
    EXPECT_EQ(setting("windows-changelog", "segment.ms", {{"segment.ms", "5"}}), "5");
}

TEST_F(InternalTopicSettings, OfAllTopicsAreOverriddenByWhatAStoreRequires) {
    const std::string kept = std::to_string((2h + 24h) / 1ms);
    EXPECT_EQ(setting("windows-changelog", "retention.ms", {{"retention.ms", "5"}}), kept);
    EXPECT_NE(setting("sessions-changelog", "retention.ms", {{"retention.ms", "5"}}), "5");
    EXPECT_NE(
        setting("versions-changelog", "min.compaction.lag.ms", {{"min.compaction.lag.ms", "5"}}),
        "5");
    EXPECT_EQ(setting("rows-changelog", "cleanup.policy", {{"cleanup.policy", "delete"}}),
              "compact");
}

}  // namespace
}  // namespace millrace::runtime
