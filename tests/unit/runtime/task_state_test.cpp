// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_state.hpp"
#include "millrace/core/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace millrace::runtime {
namespace {

TEST(TaskState, ChangesOnlyAsTheDiagramShows) {
    using enum TaskState;
    const std::set<std::pair<TaskState, TaskState>> allowed{
        {kCreated, kRestoring},   {kCreated, kSuspended}, {kRestoring, kRunning},
        {kRestoring, kSuspended}, {kRunning, kSuspended}, {kSuspended, kClosed},
    };
    for (std::size_t from = 0; from < kTaskStates; ++from) {
        for (std::size_t to = 0; to < kTaskStates; ++to) {
            TaskState state{static_cast<int>(from)};
            const TaskState wanted{static_cast<int>(to)};
            if (allowed.contains({state, wanted})) {
                transition(state, wanted);
                EXPECT_EQ(state, wanted);
            } else {
                EXPECT_THROW(transition(state, wanted), InternalError)
                    << to_string(state) << " -> " << to_string(wanted);
                EXPECT_EQ(state, TaskState{static_cast<int>(from)});
            }
        }
    }
}

}  // namespace
}  // namespace millrace::runtime
