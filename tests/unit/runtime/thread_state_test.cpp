// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/thread_state.hpp"

#include <gmock/gmock.h>

#include <set>
#include <utility>

namespace millrace::runtime {
namespace {

constexpr std::array kAll{ThreadState::kCreated,
                          ThreadState::kStarting,
                          ThreadState::kPartitionsRevoked,
                          ThreadState::kPartitionsAssigned,
                          ThreadState::kRunning,
                          ThreadState::kPendingShutdown,
                          ThreadState::kDead};

/// As Kafka Streams documents them.
const std::set<std::pair<ThreadState, ThreadState>> kAllowed{
    {ThreadState::kCreated, ThreadState::kStarting},
    {ThreadState::kCreated, ThreadState::kPendingShutdown},
    {ThreadState::kStarting, ThreadState::kPartitionsRevoked},
    {ThreadState::kStarting, ThreadState::kPartitionsAssigned},
    {ThreadState::kStarting, ThreadState::kPendingShutdown},
    {ThreadState::kPartitionsRevoked, ThreadState::kPartitionsRevoked},
    {ThreadState::kPartitionsRevoked, ThreadState::kPartitionsAssigned},
    {ThreadState::kPartitionsRevoked, ThreadState::kPendingShutdown},
    {ThreadState::kPartitionsAssigned, ThreadState::kPartitionsRevoked},
    {ThreadState::kPartitionsAssigned, ThreadState::kPartitionsAssigned},
    {ThreadState::kPartitionsAssigned, ThreadState::kRunning},
    {ThreadState::kPartitionsAssigned, ThreadState::kPendingShutdown},
    {ThreadState::kRunning, ThreadState::kPartitionsRevoked},
    {ThreadState::kRunning, ThreadState::kPartitionsAssigned},
    {ThreadState::kRunning, ThreadState::kPendingShutdown},
    {ThreadState::kPendingShutdown, ThreadState::kDead},
};

TEST(ThreadStates, ChangeExactlyAsTheDiagramShows) {
    for (const ThreadState from : kAll) {
        for (const ThreadState to : kAll) {
            EXPECT_EQ(may_go(from, to), kAllowed.contains({from, to}))
                << to_string(from) << " to " << to_string(to);
        }
    }
}

}  // namespace
}  // namespace millrace::runtime
