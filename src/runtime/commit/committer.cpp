// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/committer.hpp"

#include "core/fail_point.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"

namespace millrace::runtime {

namespace {

/// Whether to retry. An outdated generation or an unknown member requires no action: either a
/// rebalance is in progress, after which the same commit succeeds, or the consumer will report the
/// partitions as lost.
bool may_succeed_later(const kafka::Status& status) {
    switch (status.code()) {
        case kafka::ErrorCode::kTimedOut:
        case kafka::ErrorCode::kTransport:
        case kafka::ErrorCode::kNotReady:
        case kafka::ErrorCode::kRebalanceInProgress:
        case kafka::ErrorCode::kIllegalGeneration:
        case kafka::ErrorCode::kUnknownMember:
        case kafka::ErrorCode::kAssignmentLost:
            return true;
        default:
            return status.retriable();
    }
}

}  // namespace

Committer::Committer(kafka::Consumer& consumer, ProducerCollector& collector, const Clock& clock,
                     std::chrono::milliseconds task_timeout)
    : consumer_(consumer),
      collector_(collector),
      clock_(clock),
      task_timeout_(task_timeout),
      log_(clock) {}

Committer::Outcome Committer::commit(std::span<StreamTask* const> tasks,
                                     std::chrono::milliseconds timeout) {
    committing_.clear();
    for (StreamTask* task : tasks) {
        if (task->commit_needed()) {
            committing_.push_back(task);
        }
    }
    if (committing_.empty()) {
        failing_since_.reset();  // The partitions of uncommitted tasks belong to other members now.
        keep_current(tasks);
        return Outcome::kNothing;
    }
    // Without a valid member, the broker would not check whether this member still owns the
    // partitions.
    if (consumer_.assignment_lost() || !consumer_.group_metadata().valid()) {
        return Outcome::kLater;
    }
    offsets_.clear();
    MILLRACE_FAIL_POINT("commit.begun");
    for (StreamTask* task : committing_) {
        run_task_code(task->task_id(), [&] { task->prepare_commit(offsets_); });
    }
    MILLRACE_FAIL_POINT("commit.caches_flushed");
    if (!collector_.flush(timeout)) {
        return later("output is not acknowledged yet");
    }
    MILLRACE_FAIL_POINT("commit.delivered");
    const kafka::Status status = commit_offsets(timeout);
    if (status.fenced()) {
        throw RestartFromCommit("cannot commit offsets: " + status.message());
    }
    if (!status.ok()) {
        if (may_succeed_later(status)) {
            return later(status.message());
        }
        throw KafkaError("cannot commit offsets: " + status.message());
    }
    for (StreamTask* task : committing_) {
        run_task_code(task->task_id(), [&] { task->post_commit(); });
        MILLRACE_FAIL_POINT("commit.task_applied");
    }
    MILLRACE_FAIL_POINT("commit.applied");
    failing_since_.reset();
    keep_current(tasks);
    return Outcome::kDone;
}

kafka::Status Committer::commit_offsets(std::chrono::milliseconds timeout) {
    if (collector_.transactional()) {
        return collector_.commit_transaction(offsets_, consumer_.group_metadata(), timeout);
    }
    if (offsets_.empty()) {
        return {};
    }
    return MILLRACE_FAIL_POINT_ANSWER("commit.offsets_committed",
                                      consumer_.commit(offsets_, timeout));
}

// Unchanged state counts as committed, unless another member can have changed it.
void Committer::keep_current(std::span<StreamTask* const> tasks) {
    if (consumer_.assignment_lost() || !consumer_.group_metadata().valid()) {
        return;
    }
    for (StreamTask* task : tasks) {
        task->keep_state_current();
    }
}

Committer::Outcome Committer::later(const std::string& why) {
    const std::chrono::nanoseconds now = clock_.monotonic();
    if (!failing_since_) {
        failing_since_ = now;
    }
    if (now - *failing_since_ >= task_timeout_) {
        throw KafkaError("cannot commit for longer than task.timeout.ms = " +
                         std::to_string(task_timeout_.count()) + ": " + why);
    }
    log_.warn("cannot commit, retrying: " + why);
    return Outcome::kLater;
}

}  // namespace millrace::runtime
