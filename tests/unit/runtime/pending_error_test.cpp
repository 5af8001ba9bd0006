// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/pending_error.hpp"

#include "millrace/core/error.hpp"

#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

template <class Error>
void remember(PendingError& pending, const Error& error) {
    try {
        throw error;
    } catch (...) {
        pending.remember();
    }
}

const RestartFromCommit kRestart("output is lost");
const TaskFailure kFailure(TaskId{0, 1}, "damaged", nullptr);
const KafkaError kFatal("refused");

TEST(PendingError, IsThrownOnce) {
    PendingError pending;
    EXPECT_NO_THROW(pending.throw_pending());
    remember(pending, kRestart);
    EXPECT_THROW(pending.throw_pending(), RestartFromCommit);
    EXPECT_NO_THROW(pending.throw_pending());
}

TEST(PendingError, TheRestartOfAllTasksComesBeforeTheRebuildOfOne) {
    PendingError pending;
    remember(pending, kRestart);
    remember(pending, kFailure);
    EXPECT_THROW(pending.throw_pending(), RestartFromCommit);
    remember(pending, kFailure);
    remember(pending, kRestart);
    EXPECT_THROW(pending.throw_pending(), RestartFromCommit);
}

TEST(PendingError, AnErrorThatEndsTheThreadComesFirst) {
    PendingError pending;
    remember(pending, kFatal);
    remember(pending, kRestart);
    remember(pending, kFailure);
    EXPECT_THROW(pending.throw_pending(), KafkaError);
}

}  // namespace
}  // namespace millrace::runtime
