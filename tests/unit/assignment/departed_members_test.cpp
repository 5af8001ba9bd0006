// SPDX-License-Identifier: Apache-2.0
#include "assignment/departed_members.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace millrace::assignment {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(DepartedMembersOfAGroup, AreThoseOfEarlierRebalances) {
    DepartedMembers members;
    EXPECT_THAT(members.left({"a", "b", "c"}), IsEmpty());
    EXPECT_THAT(members.left({"a", "c"}), ElementsAre("b"));
    EXPECT_THAT(members.left({"a"}), ElementsAre("c", "b")) << "latest first";
    EXPECT_THAT(members.left({"a", "b"}), ElementsAre("c")) << "b has come back";
}

TEST(DepartedMembersOfAGroup, AreForgottenAfterSomeRebalances) {
    DepartedMembers members;
    members.left({"a", "b"});
    for (int round = 0; round < DepartedMembers::kKept; ++round) {
        EXPECT_THAT(members.left({"a"}), ElementsAre("b"));
    }
    EXPECT_THAT(members.left({"a"}), IsEmpty());
}

TEST(DepartedMembersOfAGroup, AreTheLatestOfTooMany) {
    DepartedMembers members;
    members.left({"a", "z"});
    std::set<std::string> many{"a"};
    for (std::size_t i = 1; i < DepartedMembers::kMost; ++i) {
        many.insert("m" + std::to_string(i));
    }
    EXPECT_THAT(members.left(many), ElementsAre("z"));
    EXPECT_THAT(members.left({"a"}), SizeIs(DepartedMembers::kMost));
    many.insert("n");
    members.left(many);
    const auto left = members.left({"a"});
    EXPECT_THAT(left, SizeIs(DepartedMembers::kMost));
    EXPECT_THAT(left, Not(Contains("z")));
}

TEST(DepartedMembersOfAGroup, IncludeTheLeaderThatThisMemberHasFollowed) {
    DepartedMembers members;
    members.left({"a", "b"});
    members.follow({"leader", "leader-2"});
    EXPECT_THAT(members.left({"a"}), ElementsAre("leader", "leader-2"));
}

}  // namespace
}  // namespace millrace::assignment
