// SPDX-License-Identifier: Apache-2.0

// How a stream thread ends.
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/thread/stream_thread.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

using std::chrono::milliseconds;

namespace {

/// How often to check whether the group's leader knows of a shutdown.
constexpr milliseconds kAnnouncementPoll{100};

/// The maximum time for leaving the group, whatever the timeout.
constexpr milliseconds kToLeave{100};

/// The maximum time for aborting a transaction when the thread ends.
constexpr milliseconds kToAbort{1'000};

}  // namespace

void StreamThread::wake_up() {
    const MutexLock lock(mutex_);
    if (consumer_ != nullptr) {
        consumer_->wake_up();
    }
}

void StreamThread::request_stop() {
    stop_requested_.store(true, std::memory_order_relaxed);
    wake_up();
}

void StreamThread::close(milliseconds timeout, Leaving leaving) {
    if (state() == ThreadState::kDead) {
        return;
    }
    request_stop();
    states_.transition_to(ThreadState::kPendingShutdown);
    try {
        const auto begin = monotonic();
        const auto left = [&] {
            const auto spent = std::chrono::duration_cast<milliseconds>(monotonic() - begin);
            return std::max(milliseconds{0}, timeout - spent);
        };
        MILLRACE_FAIL_POINT("close.begun");
        close_tasks(left);
        MILLRACE_FAIL_POINT("close.tasks_closed");
        const bool uncommitted = tasks_->registry().size() > 0;
        tasks_->close_all_dirty();
        if (uncommitted) {
            drop_output();
        }
        leave_group(leaving, left);
    } catch (const std::exception& error) {
        log::error(name() + ": cannot close cleanly: " + error.what());
    }
    abandon();
}

/// Commits until that succeeds or the time is over, and closes the committed tasks. Does not throw:
/// the thread must leave the group, whatever the tasks' errors are.
void StreamThread::close_tasks(const std::function<milliseconds()>& left) {
    try {
        while (executor_->commit(std::min(left(), parts_.settings.request_timeout)) ==
                   Committer::Outcome::kLater &&
               left() > milliseconds{0}) {
            consumer_->poll(milliseconds{10});
        }
        MILLRACE_FAIL_POINT("close.committed");
        const std::vector<StreamTask*> running = tasks_->registry().running();
        for (const StreamTask* task : running) {
            if (!task->commit_needed()) {
                tasks_->close_clean(task->task_id());
            }
        }
    } catch (const ProcessingError& error) {
        log::error(name() + ": cannot commit before the end: " + error.what());
        deliver_dead_letters(std::min(left(), parts_.settings.request_timeout));
    } catch (const std::exception& error) {
        log::error(name() + ": cannot commit before the end: " + error.what());
    }
}

/// Not at all: the consumer is destroyed, which sends nothing to the group.
void StreamThread::leave_group(Leaving leaving, const std::function<milliseconds()>& left) {
    if (leaving == Leaving::kNever) {
        return;
    }
    const kafka::GroupMetadata member = consumer_->group_metadata();
    if (leaving == Leaving::kAlways && !member.group_instance_id.empty()) {
        // Only unsubscribing removes a static member.
        const kafka::Status begun = consumer_->unsubscribe();
        const auto end = monotonic() + std::max(left(), kToLeave);
        while (begun.ok() && !consumer_->group_metadata().member_id.empty() && monotonic() < end) {
            consumer_->poll(milliseconds{10});
        }
    }
    consumer_->close(std::max(left(), kToLeave));
    MILLRACE_FAIL_POINT("close.left_group");
}

/// Before other members own the tasks: later writes would conflict with theirs.
void StreamThread::drop_output() {
    try {
        collector_->abort_transaction(kToAbort);
        collector_->reset();
    } catch (const std::exception& error) {
        log::error(name() + ": cannot drop output: " + error.what());
    }
}

/// Before an error ends the thread with its producer: dead letters explain the failure. Does not
/// throw.
void StreamThread::deliver_dead_letters(milliseconds timeout) {
    if (!collector_->sent_dead_letters() && !tasks_->sent_dead_letters()) {
        return;  // Other output is produced again by the next owner of the tasks.
    }
    if (consumer_->assignment_lost()) {
        return;  // The next owner of the tasks reads the same record.
    }
    try {
        if (!collector_->deliver_dead_letters(timeout)) {
            log::error(name() + ": output from before an error is not acknowledged in time");
        }
    } catch (const std::exception& error) {
        log::error(name() + ": output from before an error is not delivered: " + error.what());
    }
}

void StreamThread::announce_application_shutdown(milliseconds timeout) {
    tasks_->close_all_dirty();
    drop_output();
    assignor_->request_application_shutdown();
    const kafka::Status status = consumer_->request_rebalance();
    if (!status.ok()) {
        log::error(name() + ": cannot ask the application to stop: " + status.message());
        return;
    }
    const auto begin = monotonic();
    while (assignor_->stop().reason != assignment::StopReason::kShutDownApplication &&
           monotonic() - begin < timeout) {
        consumer_->poll(kAnnouncementPoll);
    }
}

void StreamThread::end_after_error() {
    if (state() == ThreadState::kDead) {
        return;
    }
    try {
        states_.transition_to(ThreadState::kPendingShutdown);
        tasks_->close_all_dirty();
        drop_output();
        consumer_->close(kToLeave);
    } catch (const std::exception& error) {
        log::error(name() + ": cannot leave the group: " + error.what());
    }
    abandon();
}

void StreamThread::abandon() {
    if (state() == ThreadState::kDead) {
        return;
    }
    try {
        states_.transition_to(ThreadState::kPendingShutdown);
        tasks_->close_all_dirty();
        collector_->abort_transaction(kToAbort);
        std::unique_ptr<kafka::Consumer> consumer;
        std::vector<std::function<void(TaskRegistry&)>> dropped;
        {
            const MutexLock lock(mutex_);
            consumer.swap(consumer_);
            dropped.swap(posted_);
        }
        consumer.reset();
        collector_.reset();  // No record of the closed tasks is in flight after this.
        tasks_->destroy_closed();
        states_.transition_to(ThreadState::kDead);
    } catch (const std::exception& error) {
        log::error(name() + ": cannot end cleanly: " + error.what());
    }
}

}  // namespace millrace::runtime
