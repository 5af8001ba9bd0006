// SPDX-License-Identifier: Apache-2.0
#include "assignment/departed_members.hpp"

#include <gmock/gmock.h>

namespace millrace::assignment {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DepartedMembersOfAGroup, AreThoseOfEarlierRebalances) {
    DepartedMembers members;
    EXPECT_THAT(members.left({"a", "b", "c"}), IsEmpty());
    EXPECT_THAT(members.left({"a", "c"}), ElementsAre("b"));
    EXPECT_THAT(members.left({"a"}), ElementsAre("b", "c"));
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

TEST(DepartedMembersOfAGroup, IncludeTheLeaderThatThisMemberHasFollowed) {
    DepartedMembers members;
    members.left({"a", "b"});
    members.follow({"leader", "leader-2"});
    EXPECT_THAT(members.left({"a"}), ElementsAre("leader", "leader-2"));
}

}  // namespace
}  // namespace millrace::assignment
