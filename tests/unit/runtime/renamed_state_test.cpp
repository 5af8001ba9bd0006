// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/renamed_state.hpp"

#include "kafka/client_supplier.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RenamedState : public ::testing::Test {
  protected:
    RenamedState() {
        for (const char* topic :
             {"in", "app-old-changelog", "app-new-changelog", "app-old-repartition",
              "app-new-repartition", "application-x-changelog"}) {
            broker.create_topic(topic, 1);
        }
        application.application_id = "app";
        application.sub_topologies.resize(1);
        application.sub_topologies[0].source_topics = {"in"};
        application.sub_topologies[0].sink_topics = {"app-new-repartition"};
        application.sub_topologies[0].changelogs["new"] = {"app-new-changelog", {}, 0};
    }

    void commit_input() {
        const kafka::OffsetCommit commit{.partition = {"in", 0}, .offset = 1, .metadata = ""};
        ASSERT_TRUE(admin->alter_group_offsets("app", {&commit, 1}, 1s).ok());
    }

    std::vector<std::string> warnings(const std::set<std::string>& created) {
        std::vector<std::string> said;
        set_log_sink([&](LogLevel level, std::string_view text) {
            if (level == LogLevel::kWarn) {
                said.emplace_back(text);
            }
        });
        warn_of_state_that_begins_empty(application, created, *admin, 1s);
        set_log_sink({});
        return said;
    }

    testing::EmbeddedBroker broker;
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    topology::ApplicationTopology application;
};

TEST_F(RenamedState, OfAnApplicationThatHasReadNothingIsNotReported) {
    EXPECT_THAT(warnings({"app-new-changelog"}), IsEmpty());
}

TEST_F(RenamedState, IsReportedWithTheNewNameAndTheUnusedTopics) {
    commit_input();

    EXPECT_THAT(warnings({"app-new-changelog"}),
                ElementsAre(AllOf(HasSubstr("store new with changelog app-new-changelog"),
                                  HasSubstr("app-old-changelog"),
                                  Not(HasSubstr("application-x-changelog")))));
}

TEST_F(RenamedState, CanBeARepartitionTopic) {
    commit_input();

    EXPECT_THAT(warnings({"app-new-repartition"}),
                ElementsAre(AllOf(HasSubstr("repartition topic app-new-repartition"),
                                  HasSubstr("app-old-repartition"))));
}

TEST_F(RenamedState, IsNotReportedWhenTheTopicExisted) {
    commit_input();

    EXPECT_THAT(warnings({}), IsEmpty());
}

}  // namespace
}  // namespace millrace::runtime
