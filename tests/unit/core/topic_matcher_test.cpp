// SPDX-License-Identifier: Apache-2.0
#include "core/topic_matcher.hpp"

#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <regex>
#include <string>
#include <vector>

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(TopicMatcher, MatchesWholeNames) {
    const TopicMatcher matcher("in-.*");

    EXPECT_TRUE(matcher.matches("in-1"));
    EXPECT_FALSE(matcher.matches("main-1"));
    EXPECT_FALSE(matcher.matches("in"));
}

TEST(TopicMatcher, SupportsTheClassesAndGroupsOfJavasPatterns) {
    EXPECT_TRUE(TopicMatcher(R"(in-\d+)").matches("in-12"));
    EXPECT_FALSE(TopicMatcher(R"(in-\d+)").matches("in-x"));
    EXPECT_TRUE(TopicMatcher(R"(\w+\.v[12])").matches("orders.v2"));
    EXPECT_TRUE(TopicMatcher("(?:eu|us)-orders").matches("us-orders"));
    EXPECT_TRUE(TopicMatcher("(?!internal).*-log").matches("app-log"));
    EXPECT_FALSE(TopicMatcher("(?!internal).*-log").matches("internal-log"));
    EXPECT_TRUE(TopicMatcher("a{2,3}?b").matches("aab"));
}

TEST(TopicMatcher, RefusesAnInvalidExpressionWithTheReason) {
    EXPECT_THAT([] { TopicMatcher("in-(a"); },
                ThrowsMessage<TopologyError>(AllOf(HasSubstr("in-(a"), HasSubstr("'('"))));
    EXPECT_THAT([] { TopicMatcher("*in"); }, ThrowsMessage<TopologyError>(HasSubstr("*in")));
}

TEST(TopicMatcher, HasSupersetsInPosixSyntax) {
    EXPECT_THAT(posix_supersets("orders"), ElementsAre("^orders$"));
    EXPECT_THAT(posix_supersets(R"(in\.v-\d+)"), ElementsAre(R"(^in\.v-.*$)"));
    EXPECT_THAT(posix_supersets("ab*"), ElementsAre("^a.*$"));
    EXPECT_THAT(posix_supersets("^in-.*"), ElementsAre("^in-.*$"));
    EXPECT_THAT(posix_supersets("(in-[|)]x)|(out)|c+"), ElementsAre("^in-.*$", "^out$", "^.*$"));
    EXPECT_THAT(posix_supersets("((a|b)c|(d))"), ElementsAre("^.*$", "^d$"));
    EXPECT_THAT(posix_supersets("(?!x).*"), ElementsAre("^.*$"));
}

TEST(TopicMatcher, HasSupersetsThatContainEveryMatch) {
    const std::vector<std::string> names{"in",   "in-1", "in-12", "in.v1", "in.v-1", "out",
                                         "outx", "a",    "ab",    "abb",   "b-c",    "a_b"};
    for (const std::string pattern :
         {R"(in-\d+)", R"(in\.v-?\d)", "(in|out).*", "ab?", "ab{2}", "a|b.*", "(a)(b)?", "[ab].*",
          R"(\w+)", "in-1|in", "(in)|(out)", "a_b", "(?=a).*"}) {
        const TopicMatcher matcher(pattern);
        for (const std::string& name : names) {
            bool held = false;
            for (const std::string& superset : posix_supersets(pattern)) {
                held = held || std::regex_match(name, std::regex(superset, std::regex::extended));
            }
            EXPECT_TRUE(held || !matcher.matches(name)) << pattern << " and " << name;
        }
    }
}

}  // namespace
}  // namespace millrace
