// SPDX-License-Identifier: Apache-2.0
#include "core/fail_points.hpp"
#include "kafka/status.hpp"
#include "millrace/core/error.hpp"

// As in sources with fail points.
#define MILLRACE_FAIL_POINTS 1
#include "core/fail_point.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <set>
#include <stdexcept>

namespace millrace::fail_points {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kPoint = index_of("commit.delivered");
constexpr std::size_t kOther = index_of("apply.written");

class FailPoints : public ::testing::Test {
  protected:
    ~FailPoints() override { disarm(); }
};

TEST_F(FailPoints, HaveDistinctNames) {
    std::set<std::string_view> names;
    for (const Name& name : kNames) {
        EXPECT_TRUE(names.insert(name.text).second) << name.text;
    }
}

TEST_F(FailPoints, ActOnceAtTheHitOfTheRule) {
    int calls = 0;
    arm({.point = "commit.delivered", .action = Action::kCall, .hit = 2, .call = [&calls] {
             ++calls;
         }});
    reach(kOther);
    reach(kPoint);
    EXPECT_EQ(calls, 0);
    EXPECT_FALSE(fired());
    reach(kPoint);
    reach(kPoint);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(fired());
    EXPECT_EQ(hits(kPoint), 3);
    EXPECT_EQ(hits(kOther), 1);
}

TEST_F(FailPoints, ThrowTheErrorOfThePoint) {
    arm({.point = "commit.delivered"});
    EXPECT_THROW(reach(kPoint), KafkaError);
    arm({.point = "apply.written"});
    EXPECT_THROW(reach(kOther), StateError);
}

TEST_F(FailPoints, ReplaceTheAnswerOfARequest) {
    arm({.point = "commit.offsets_sent", .action = Action::kReturnError});
    const auto send = [] {
        return MILLRACE_FAIL_POINT_ANSWER("commit.offsets_sent", kafka::Status{});
    };
    EXPECT_EQ(send().code(), kafka::ErrorCode::kTimedOut);
    EXPECT_TRUE(send().ok());
}

TEST_F(FailPoints, KillTheProcess) {
    EXPECT_EXIT(
        {
            arm(parse("commit.delivered:kill:1"));
            reach(kPoint);
        },
        ::testing::KilledBySignal(SIGKILL), "");
}

TEST_F(FailPoints, AreConfiguredByText) {
    const Rule rule = parse("commit.delivered:error:3");
    EXPECT_EQ(rule.point, "commit.delivered");
    EXPECT_EQ(rule.action, Action::kReturnError);
    EXPECT_EQ(rule.hit, 3);
    for (const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
             {"commit.delivered", "name:action:hit"},
             {"commit.delivered:kill", "name:action:hit"},
             {"nowhere:kill:1", "no fail point nowhere"},
             {"commit.delivered:explode:1", "kill, throw, delay or error"},
             {"commit.delivered:kill:0", "a number from 1"},
             {"commit.delivered:kill:x", "a number from 1"}}) {
        EXPECT_THAT([text = text] { parse(text); },
                    ThrowsMessage<std::invalid_argument>(HasSubstr(why)))
            << text;
    }
}

}  // namespace
}  // namespace millrace::fail_points
