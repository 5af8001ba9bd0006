// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/assigned_tasks.hpp"

#include "core/check.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryBackoff{100};

/// How long to open tasks before the group is polled again.
constexpr milliseconds kSlice{50};

}  // namespace

AssignedTasks::AssignedTasks(Parts parts)
    : parts_(std::move(parts)),
      inputs_(parts_.task_maker->application()),
      resets_(name(), *parts_.start_positions, *parts_.consumer, *parts_.clock, *parts_.log) {}

std::vector<kafka::StartPosition> AssignedTasks::on_assigned(
    const std::vector<TopicPartition>& partitions) {
    try {
        return add_assigned(partitions);
    } catch (...) {
        pending_.remember();
    }
    return {};
}

std::vector<kafka::StartPosition> AssignedTasks::add_assigned(
    const std::vector<TopicPartition>& partitions) {
    parts_.states->transition_to(ThreadState::kPartitionsAssigned);
    MILLRACE_FAIL_POINT("assign.begun");
    inputs_.check(partitions);
    const auto committed = committed_offsets(partitions);
    if (!committed.ok()) {
        for (const TopicPartition& partition : partitions) {
            inputs_.add(partition);
        }
        postpone(committed.status().message());
        return {};
    }
    std::vector<kafka::StartPosition> starts;
    std::map<TaskId, std::pair<std::vector<TopicPartition>, std::vector<kafka::CommittedOffset>>>
        by_task;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        starts.push_back(parts_.start_positions->start(partitions[i], committed.value()[i]));
        const auto task = inputs_.add(partitions[i]);
        if (!task) {
            log::warn(name() + ": got a partition that no task reads: " + to_string(partitions[i]));
            continue;
        }
        auto& inputs = by_task[*task];
        inputs.first.push_back(partitions[i]);
        inputs.second.push_back(committed.value()[i]);
    }
    const auto slice_end = parts_.clock->monotonic() + kSlice;
    for (auto& [id, inputs] : by_task) {
        const bool others = inputs.first.size() != inputs_.of(id).size();
        if (others || parts_.clock->monotonic() >= slice_end) {
            complete_ = false;  // A later turn opens the task.
        } else {
            open(id, std::move(inputs.first), std::move(inputs.second));
        }
    }
    parts_.tasks->publish();
    MILLRACE_FAIL_POINT("assign.done");
    return starts;
}

/// A status if Kafka may respond later, or if the thread stops. Throws KafkaError if a retry does
/// not help.
kafka::Result<std::vector<kafka::CommittedOffset>> AssignedTasks::committed_offsets(
    const std::vector<TopicPartition>& partitions) {
    if (partitions.empty()) {
        return std::vector<kafka::CommittedOffset>{};
    }
    // One attempt: the group must be polled, and other tasks must run.
    auto committed = MILLRACE_FAIL_POINT_ANSWER(
        "assign.offsets_read", parts_.consumer->committed(partitions, parts_.rebalance_timeout));
    if (committed.ok()) {
        MILLRACE_CHECK(committed.value().size() == partitions.size());
        return committed;
    }
    const kafka::Status status = committed.status();
    const std::string what = "cannot read the committed offsets: " + status.message();
    if (parts_.stop_requested->load(std::memory_order_relaxed) || status.retriable() ||
        status.code() == kafka::ErrorCode::kTimedOut ||
        status.code() == kafka::ErrorCode::kUnstableOffsets) {
        return kafka::Status(status.code(), what);
    }
    throw KafkaError(what);
}

void AssignedTasks::open(TaskId id, std::vector<TopicPartition> inputs,
                         std::vector<kafka::CommittedOffset> committed) {
    if (parts_.tasks->open(id, std::move(inputs), std::move(committed), wiped_.contains(id))) {
        wiped_.erase(id);
    } else {
        wait_for_task(id);
    }
}

void AssignedTasks::add_new_inputs() {
    if (complete_ || (next_open_ && parts_.clock->monotonic() < *next_open_)) {
        return;
    }
    next_open_.reset();
    const auto slice_end = parts_.clock->monotonic() + kSlice;
    std::vector<TaskId> changed;
    for (const TaskId& id : inputs_.tasks()) {
        const TaskRegistry::Entry* entry = registry().find(id);
        if (entry == nullptr) {
            const auto now = parts_.clock->monotonic();
            if (now >= slice_end) {
                next_open_ = now;  // After the group was polled, without waiting.
            }
            if (now >= slice_end || !reopen(id)) {
                parts_.tasks->publish();
                return;
            }
        } else {
            std::vector<TopicPartition> has = entry->task->inputs();
            std::sort(has.begin(), has.end());
            if (has != inputs_.of(id)) {
                changed.push_back(id);
            }
        }
    }
    if (!changed.empty()) {
        parts_.commit(parts_.settings->request_timeout);
        if (std::any_of(changed.begin(), changed.end(), [this](const TaskId& id) {
                return registry().find(id)->task->commit_needed();
            })) {
            next_open_ = parts_.clock->monotonic() + kRetryBackoff;  // Not committed yet.
            return;
        }
        restart_tasks(changed, false);
    }
    complete_ = !next_open_;  // Otherwise one waits for another thread, or for Kafka.
    if (complete_) {
        postponed_since_.reset();
    }
    parts_.tasks->publish();
}

void AssignedTasks::restart_tasks(const std::vector<TaskId>& ids, bool wipe) {
    std::vector<TaskId> again;
    for (const TaskId& id : ids) {
        if (registry().find(id) == nullptr) {
            continue;
        }
        again.push_back(id);
        if (wipe) {
            parts_.tasks->close_dirty(id);
            wiped_.insert(id);
        } else {
            parts_.tasks->close_for_restart(id);
        }
    }
    for (const TaskId& id : again) {
        if (!reopen(id)) {
            break;
        }
    }
    if (parts_.states->state() == ThreadState::kRunning) {
        parts_.states->transition_to(ThreadState::kPartitionsAssigned);
    }
    parts_.tasks->publish();
}

/// Opens a task that continues from the last commit. False: Kafka does not respond, and the other
/// tasks need not be tried now.
bool AssignedTasks::reopen(TaskId id) {
    std::vector<TopicPartition> inputs = inputs_.of(id);
    if (inputs.empty()) {
        return true;  // Not ours any more.
    }
    if (parts_.task_maker->is_held(id) && !parts_.tasks->keeps_stores(id)) {
        wait_for_task(id);
        return true;
    }
    auto committed = committed_offsets(inputs);
    if (!committed.ok()) {
        postpone(committed.status().message());
        return false;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const kafka::Status status = MILLRACE_FAIL_POINT_ANSWER(
            "assign.positioned",
            parts_.consumer->seek(parts_.start_positions->start(inputs[i], committed.value()[i])));
        if (!status.ok()) {
            postpone("cannot seek to the committed offset: partition " + to_string(inputs[i]) +
                     ": " + status.message());
            return false;
        }
        resets_.remove(inputs[i]);  // Found before the seek.
    }
    open(id, std::move(inputs), std::move(committed.value()));
    return true;
}

/// A thread that was removed from the group closes its tasks when it detects that, which may be
/// after they were assigned to this thread.
void AssignedTasks::wait_for_task(TaskId id) {
    parts_.log->warn(name() + ": waiting for another thread of this process to close task " +
                     to_string(id));
    complete_ = false;
    next_open_ = parts_.clock->monotonic() + kRetryBackoff;
}

/// Some tasks are opened in a later turn. Throws if that has lasted too long.
void AssignedTasks::postpone(const std::string& why) {
    complete_ = false;
    if (parts_.stop_requested->load(std::memory_order_relaxed)) {
        return;  // There is no later turn.
    }
    const auto now = parts_.clock->monotonic();
    if (!postponed_since_) {
        postponed_since_ = now;
    }
    if (now - *postponed_since_ >= parts_.settings->task_timeout) {
        throw KafkaError("tasks cannot be opened within task.timeout.ms = " +
                         std::to_string(parts_.settings->task_timeout.count()) + ": " + why);
    }
    parts_.log->warn(name() + ": retrying: " + why);
    next_open_ = now + kRetryBackoff;
}

void AssignedTasks::on_revoked(const std::vector<TopicPartition>& partitions) {
    if (parts_.states->state() != ThreadState::kPendingShutdown) {
        parts_.states->transition_to(ThreadState::kPartitionsRevoked);
    }
    const std::vector<TaskId> ids = registry().readers_of(partitions);
    remove_inputs(partitions);
    output_until_ = parts_.clock->monotonic() + parts_.rebalance_timeout;
    try {
        close_revoked(ids);
    } catch (...) {
        pending_.remember();
        for (const TaskId& id : ids) {
            parts_.tasks->drop(id);
        }
    }
    output_until_.reset();
    parts_.tasks->publish();
}

/// Commits while the partitions are still owned, and closes.
void AssignedTasks::close_revoked(const std::vector<TaskId>& ids) {
    if (ids.empty()) {
        return;
    }
    MILLRACE_FAIL_POINT("revoke.begun");
    const bool committed = commit_before_revocation(ids);
    MILLRACE_FAIL_POINT("revoke.committed");
    for (const TaskId& id : ids) {
        const TaskRegistry::Entry* entry = registry().find(id);
        if (entry == nullptr) {
            continue;
        }
        if (committed && entry->task->state() == TaskState::kRunning) {
            parts_.tasks->close_clean(id);
        } else {
            parts_.tasks->drop(id);
        }
    }
    MILLRACE_FAIL_POINT("revoke.closed");
}

/// False if the revoked tasks were not committed. Their output in flight is then discarded: it must
/// not reach Kafka after the output of the next owner. With exactly-once, so is their output in the
/// open transaction, which will not be committed with their offsets any more.
bool AssignedTasks::commit_before_revocation(const std::vector<TaskId>& ids) {
    std::string why;
    try {
        if (parts_.commit(parts_.rebalance_timeout) != Committer::Outcome::kLater) {
            return true;
        }
        if (!parts_.collector->transactional() && !parts_.consumer->assignment_lost() &&
            parts_.collector->flush(milliseconds{0})) {
            return false;
        }
        why = "revoked tasks are not committed in time";
    } catch (const RestartFromCommit& restart) {
        why = std::string("cannot commit revoked tasks: ") + restart.what();
    } catch (const TaskFailure& failure) {
        if (std::find(ids.begin(), ids.end(), failure.task()) == ids.end()) {
            throw;
        }
        log::warn(name() + ": state of a revoked task is damaged: " + failure.what());
        if (!parts_.collector->transactional()) {
            return false;
        }
        why = "the state of a revoked task is damaged";
    }
    for (const TaskId& id : ids) {
        parts_.tasks->drop(id);
    }
    drop_output(why);
    return false;
}

void AssignedTasks::on_lost(const std::vector<TopicPartition>& partitions) {
    log::warn(name() + ": lost its partitions, other members reprocess the uncommitted records");
    if (parts_.states->state() != ThreadState::kPendingShutdown) {
        parts_.states->transition_to(ThreadState::kPartitionsRevoked);
    }
    remove_inputs(partitions);
    for (const TaskId& id : registry().readers_of(partitions)) {
        parts_.tasks->drop(id);
    }
    try {
        MILLRACE_FAIL_POINT("lost.closed");
        drop_output("the assignment is lost");
    } catch (...) {
        pending_.remember();
    }
    parts_.tasks->publish();
}

/// These partitions are revoked.
void AssignedTasks::remove_inputs(const std::vector<TopicPartition>& partitions) {
    inputs_.remove(partitions);
    const auto gone = [this](const TaskId& id) { return inputs_.of(id).empty(); };
    std::erase_if(wiped_, gone);
    parts_.tasks->close_kept_stores(gone);
    complete_ = false;  // Some tasks may continue with their remaining partitions.
}

/// Discards records in flight, because other members own the tasks now. Tasks that stay have lost
/// output, too, and restart from the last commit.
void AssignedTasks::drop_output(const std::string& why) {
    log::warn(name() + ": dropping output that is not acknowledged: " + why);
    parts_.collector->reset();
    if (registry().size() > 0) {
        try {
            throw RestartFromCommit(why);
        } catch (...) {
            pending_.remember();
        }
    }
}

void AssignedTasks::on_partition_error(const TopicPartition& partition,
                                       const kafka::Status& status) {
    if (status.code() == kafka::ErrorCode::kOffsetOutOfRange) {
        log::warn(name() + ": " + status.message());
        resets_.add(partition);
    } else {
        parts_.log->warn(name() + ": cannot read partition " + to_string(partition) + ": " +
                         status.message());
    }
}

void AssignedTasks::on_error(const kafka::Status& status) {
    if (status.code() == kafka::ErrorCode::kUnknownTopic) {
        parts_.topics->doubt();
    }
    if (status.fatal() || status.code() == kafka::ErrorCode::kAuthentication ||
        status.code() == kafka::ErrorCode::kAuthorization) {
        try {
            throw KafkaError("consumer: " + status.message());
        } catch (...) {
            pending_.remember();
        }
        return;
    }
    parts_.log->warn(name() + ": consumer: " + status.message());
}

std::optional<std::chrono::nanoseconds> AssignedTasks::next_attempt() const {
    const auto open = complete_ ? std::nullopt : next_open_;
    const auto reset = resets_.next_attempt();
    return open && reset ? std::min(open, reset) : open ? open : reset;
}

}  // namespace millrace::runtime
