// SPDX-License-Identifier: Apache-2.0

// Members of several versions in one group. The member that joins first is the leader.
#include "millrace/core/error.hpp"
#include "support/driven_threads.hpp"
#include "support/members_of_versions.hpp"

#include <gmock/gmock.h>

namespace millrace::support {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class MixedVersions : public DrivenThreads {
  protected:
    template <class Version>
    runtime::StreamThread& add_of() {
        const auto ours = clients;
        clients = std::make_shared<MembersOfVersion<Version>>(ours);
        runtime::StreamThread& thread = add_thread();
        clients = ours;
        return thread;
    }

    void expect_two_tasks_each_and_nothing_twice(const runtime::StreamThread& one,
                                                 const runtime::StreamThread& other) {
        ASSERT_TRUE(run_until_running());
        run(100);  // Follow-up rebalances.
        EXPECT_THAT(one.metadata().tasks, SizeIs(2));
        EXPECT_THAT(other.metadata().tasks, SizeIs(2));
        produce_keys(8);
        run(60);
        EXPECT_THAT(table("out"), SizeIs(8));
        EXPECT_THAT(table("out"), Each(Pair(::testing::_, std::to_string(++rounds_))));
    }

    /// Also replaces the leader.
    void end_first() {
        threads.front()->close(1s);
        threads.erase(threads.begin());
    }

  private:
    int rounds_ = 0;
};

TEST_F(MixedVersions, ALeaderOfThisVersionAcceptsMembersOfTheFirst) {
    auto& leader = add_thread();
    run(60);
    auto& old = add_of<FirstVersion>();

    expect_two_tasks_each_and_nothing_twice(leader, old);
}

TEST_F(MixedVersions, MembersJoinALeaderOfTheFirstVersionWithItsData) {
    auto& leader = add_of<FirstVersion>();
    run(60);
    auto& member = add_thread();

    expect_two_tasks_each_and_nothing_twice(leader, member);
}

TEST_F(MixedVersions, ARollingUpgradeFromTheFirstVersionWorksAndTheWayBack) {
    add_of<FirstVersion>();
    auto& old = add_of<FirstVersion>();
    run(60);
    end_first();
    auto& first = add_thread();
    expect_two_tasks_each_and_nothing_twice(old, first);
    end_first();
    auto& second = add_thread();
    expect_two_tasks_each_and_nothing_twice(first, second);

    end_first();
    auto& back = add_of<FirstVersion>();
    expect_two_tasks_each_and_nothing_twice(second, back);
    end_first();
    auto& last = add_of<FirstVersion>();
    expect_two_tasks_each_and_nothing_twice(back, last);
}

TEST_F(MixedVersions, ALeaderOfThisVersionAcceptsMembersOfTheNext) {
    auto& leader = add_thread();
    run(60);
    auto& next = add_of<LaterVersion<>>();

    expect_two_tasks_each_and_nothing_twice(leader, next);
}

TEST_F(MixedVersions, ALeaderOfTheNextVersionAcceptsMembersOfThis) {
    auto& leader = add_of<LaterVersion<>>();
    run(60);
    auto& member = add_thread();

    expect_two_tasks_each_and_nothing_twice(leader, member);
}

TEST_F(MixedVersions, ARollingUpgradeToTheNextVersionWorksAndTheWayBack) {
    add_thread();
    auto& ours = add_thread();
    run(60);
    end_first();
    auto& first = add_of<LaterVersion<>>();
    expect_two_tasks_each_and_nothing_twice(ours, first);
    end_first();
    auto& second = add_of<LaterVersion<>>();
    expect_two_tasks_each_and_nothing_twice(first, second);

    end_first();
    auto& back = add_thread();
    expect_two_tasks_each_and_nothing_twice(second, back);
    end_first();
    auto& last = add_thread();
    expect_two_tasks_each_and_nothing_twice(back, last);
}

TEST_F(MixedVersions, AMemberThatTheLeaderCannotReadFailsAndTheOthersContinue) {
    auto& leader = add_thread();
    run(60);
    auto& member = add_of<LaterVersion<true>>();

    EXPECT_THAT([&] { run(100); }, ThrowsMessage<KafkaError>(HasSubstr("older version")));
    EXPECT_THAT(leader.metadata().tasks, SizeIs(4));
    EXPECT_THAT(member.metadata().tasks, SizeIs(0));
}

}  // namespace
}  // namespace millrace::support
