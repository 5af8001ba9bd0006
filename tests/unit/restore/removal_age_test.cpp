// SPDX-License-Identifier: Apache-2.0
#include "restore/removal_age.hpp"

#include "core/clock.hpp"
#include "kafka/client_supplier.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/forwarding_admin.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::restore {
namespace {

using namespace std::chrono_literals;
using kafka::ErrorCode;
using kafka::Status;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Kept = kafka::Result<std::optional<std::chrono::milliseconds>>;

/// Refuses whole requests or single topics if the test sets it; stores its calls.
class RefusingAdmin final : public support::ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<std::vector<Kept>> removals_kept_for(std::span<const std::string> names,
                                                       std::chrono::milliseconds timeout) override {
        asked.emplace_back(names.begin(), names.end());
        if (!request.ok()) {
            return request;
        }
        auto answers = ForwardingAdmin::removals_kept_for(names, timeout);
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i] == "one" && !one.ok()) {
                answers.value()[i] = one;
            }
        }
        return answers;
    }

    Status request;
    Status one;  // Of the topic with that name.
    std::vector<std::vector<std::string>> asked;
};

class RemovalAgeTest : public ::testing::Test {
  protected:
    RemovalAgeTest() {
        for (const char* name : {"one", "two"}) {
            broker.create_topic(name, 2,
                                {{"cleanup.policy", "compact"}, {"delete.retention.ms", "5000"}});
        }
        set_log_sink(
            [this](LogLevel, std::string_view line) { logged.push_back(std::string(line)); });
    }
    ~RemovalAgeTest() override { set_log_sink({}); }

    Status look_up(const std::vector<TopicPartition>& partitions) {
        return removal_age.look_up(partitions);
    }

    testing::EmbeddedBroker broker;
    std::unique_ptr<kafka::Admin> broker_admin =
        broker.clients()->make_admin({{"bootstrap.servers", "embedded"}});
    RefusingAdmin admin{*broker_admin};
    ManualClock clock;
    RemovalAge removal_age{admin, clock, 1s};
    std::vector<std::string> logged;
};

TEST_F(RemovalAgeTest, RequestsTheTopicsOfAllPartitionsOnce) {
    ASSERT_TRUE(look_up({{"two", 0}, {"one", 0}, {"one", 1}}).ok());
    EXPECT_THAT(admin.asked, ElementsAre(ElementsAre("one", "two")));
    EXPECT_EQ(removal_age.of("one"), 5s);
    EXPECT_EQ(removal_age.of("two"), 5s);
}

TEST_F(RemovalAgeTest, RequestsAgainAfterAFewMinutesOnly) {
    ASSERT_TRUE(look_up({{"one", 0}}).ok());
    clock.advance(4min);
    ASSERT_TRUE(look_up({{"one", 0}, {"two", 0}}).ok());
    clock.advance(1min);
    ASSERT_TRUE(look_up({{"one", 0}, {"two", 0}}).ok());
    EXPECT_THAT(admin.asked,
                ElementsAre(ElementsAre("one"), ElementsAre("two"), ElementsAre("one")));
}

TEST_F(RemovalAgeTest, IsUnknownWhileTheClusterDoesNotRespond) {
    for (const Status& status :
         {Status(ErrorCode::kTimedOut, "no answer"),
          Status(ErrorCode::kTransport, "no connection", {.retriable = true})}) {
        admin.request = status;
        EXPECT_EQ(look_up({{"one", 0}}).message(), status.message());
    }
    admin.request = {};
    EXPECT_TRUE(look_up({{"one", 0}}).ok());
    EXPECT_EQ(removal_age.of("one"), 5s);
    EXPECT_THAT(logged, IsEmpty());
}

TEST_F(RemovalAgeTest, IsUnknownWhileATopicIsUnknown) {
    for (const Status& status : {Status(ErrorCode::kUnknownTopic, "no topic one"),
                                 Status(ErrorCode::kNotReady, "not yet", {.retriable = true})}) {
        admin.one = status;
        EXPECT_EQ(look_up({{"one", 0}, {"two", 0}}).message(), status.message());
    }
    admin.one = {};
    EXPECT_TRUE(look_up({{"one", 0}, {"two", 0}}).ok());
    EXPECT_EQ(removal_age.of("one"), 5s);
    EXPECT_THAT(logged, IsEmpty());
}

TEST_F(RemovalAgeTest, AssumesADayForATopicThatItMayNotDescribeAndLogsIt) {
    admin.one = Status(ErrorCode::kAuthorization, "cannot read delete.retention.ms of topic one");
    EXPECT_TRUE(look_up({{"one", 0}, {"two", 0}}).ok());
    EXPECT_EQ(removal_age.of("one"), 24h);
    EXPECT_EQ(removal_age.of("two"), 5s);
    EXPECT_THAT(logged,
                ElementsAre(AllOf(HasSubstr("delete.retention.ms of topic one"),
                                  HasSubstr("assuming 24 h"), HasSubstr("DescribeConfigs"))));
}

TEST_F(RemovalAgeTest, AssumesADayForAllTopicsWhenTheRequestIsRefused) {
    admin.request = Status(ErrorCode::kUnsupported, "cannot read delete.retention.ms of topics");
    EXPECT_TRUE(look_up({{"one", 0}, {"two", 0}}).ok());
    EXPECT_EQ(removal_age.of("one"), 24h);
    EXPECT_EQ(removal_age.of("two"), 24h);
    EXPECT_THAT(logged, ::testing::SizeIs(2));
}

}  // namespace
}  // namespace millrace::restore
