// SPDX-License-Identifier: Apache-2.0
// How tasks come to a stream thread, go, and come back.
#include "core/check.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/source_filter.hpp"
#include "runtime/task/task_errors.hpp"
#include "runtime/thread/stream_thread.hpp"
#include "state/format/state_corrupted.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

using std::chrono::milliseconds;

std::vector<kafka::StartPosition> StreamThread::on_assigned(
    const std::vector<TopicPartition>& partitions) {
    try {
        return take_over(partitions);
    } catch (const TryLater& unknown) {
        for (const TopicPartition& partition : partitions) {
            inputs_.add(partition);
        }
        open_later(unknown.what());
    } catch (const StopRequested&) {
        // Nothing is begun any more.
    } catch (...) {
        remember_error();
    }
    return {};
}

std::vector<kafka::StartPosition> StreamThread::take_over(
    const std::vector<TopicPartition>& partitions) {
    transition_to(ThreadState::kPartitionsAssigned);
    const auto committed = committed_offsets(partitions);
    std::vector<kafka::StartPosition> starts;
    std::map<TaskId, std::pair<std::vector<TopicPartition>, std::vector<kafka::CommittedOffset>>>
        by_task;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        starts.push_back(parts_.start_positions->start(partitions[i], committed[i]));
        const auto task = inputs_.add(partitions[i]);
        if (!task) {
            log::warn(name() + ": got a partition that no task reads: " + to_string(partitions[i]));
            continue;
        }
        auto& inputs = by_task[*task];
        inputs.first.push_back(partitions[i]);
        inputs.second.push_back(committed[i]);
    }
    for (auto& [id, inputs] : by_task) {
        if (inputs.first.size() == inputs_.of(id).size()) {
            open_task(id, std::move(inputs.first), std::move(inputs.second), false);
        } else {
            tasks_fit_ = false;  // It has others already.
        }
    }
    tasks_changed();
    return starts;
}

std::vector<kafka::CommittedOffset> StreamThread::committed_offsets(
    const std::vector<TopicPartition>& partitions) {
    if (partitions.empty()) {
        return {};
    }
    // One attempt: the group expects to be polled, and other tasks to be run.
    auto committed = consumer_->committed(
        partitions, std::min(settings().request_timeout, max_poll_interval_ / 4));
    if (committed.ok()) {
        MILLRACE_CHECK(committed.value().size() == partitions.size());
        return std::move(committed.value());
    }
    const kafka::Status status = committed.status();
    const std::string what = "cannot read the committed offsets: " + status.message();
    if (stop_requested_.load(std::memory_order_relaxed)) {
        throw StopRequested(what);
    }
    if (status.retriable() || status.code() == kafka::ErrorCode::kTimedOut ||
        status.code() == kafka::ErrorCode::kUnstableOffsets) {
        throw TryLater(what);
    }
    throw KafkaError(what);
}

void StreamThread::open_task(TaskId id, std::vector<TopicPartition> inputs,
                             std::vector<kafka::CommittedOffset> committed, bool wipe) {
    auto dropped = parts_.metrics->counter({"dropped-records-total",
                                            "stream-task-metrics",
                                            {{"thread-id", name()}, {"task-id", to_string(id)}}});
    TaskRegistry::Entry made{
        parts_.task_maker->make(id, std::move(inputs), *collector_, std::move(dropped), wipe),
        std::move(committed)};
    if (made.task == nullptr) {
        wait_for_task(id);
        return;
    }
    StreamTask& task = *made.task;
    task.start_restoring();
    std::vector<restore::StoreToRestore> stores;
    const topology::SubTopology& part = parts_.task_maker->part_of(id);
    for (const StoreChangelog& changelog : task.changelogs()) {
        restore::StoreToRestore store{
            .store = changelog.store,
            .name =
                parts_.task_maker->application().spec->stores[part.stores[changelog.store]].name,
            .changelog = changelog.partition};
        if (changelog.source_topic) {
            const auto input =
                std::find(task.inputs().begin(), task.inputs().end(), changelog.partition);
            MILLRACE_CHECK(input != task.inputs().end());
            store.limit = made.committed[static_cast<std::size_t>(input - task.inputs().begin())]
                              .offset.value_or(0);
            store.filter =
                make_source_filter(parts_.task_maker->application(), parts_.task_settings, id,
                                   changelog.partition, store.name);
        }
        stores.push_back(std::move(store));
    }
    tasks_.add(id, std::move(made));
    if (stores.empty()) {
        const std::scoped_lock lock(mutex_);
        restored_.push_back({id, nullptr});
        return;
    }
    parts_.restorer->add(this, id, task.stores(), std::move(stores),
                         [this](restore::RestoreResult result) {
                             {
                                 const std::scoped_lock lock(mutex_);
                                 restored_.push_back(std::move(result));
                             }
                             wake_up();
                         });
}

void StreamThread::take_restored() {
    std::vector<restore::RestoreResult> restored;
    {
        const std::scoped_lock lock(mutex_);
        restored.swap(restored_);
    }
    bool any = false;
    for (auto result = restored.begin(); result != restored.end(); ++result) {
        TaskRegistry::Entry* entry = tasks_.find(result->task);
        if (entry == nullptr || entry->task->state() != TaskState::kRestoring) {
            continue;
        }
        at_work_ = entry->task.get();
        try {
            if (result->error != nullptr) {
                std::rethrow_exception(result->error);
            }
            complete(*entry);
        } catch (...) {
            // The next turn takes the others, if there is one.
            const std::scoped_lock lock(mutex_);
            restored_.insert(restored_.end(), std::next(result), restored.end());
            throw;
        }
        any = true;
    }
    at_work_ = nullptr;
    if (any) {
        tasks_changed();
    }
}

void StreamThread::complete(TaskRegistry::Entry& entry) {
    StreamTask& task = *entry.task;
    task.stores().set_cache(cache_);
    task.complete_restoration(entry.committed, parts_.clock->now());
    for (std::size_t input = 0; input < task.inputs().size(); ++input) {
        kafka::PartitionQueue* queue = consumer_->queue(task.inputs()[input]);
        if (queue != nullptr) {
            task.attach(input, *queue);
        }
    }
    tasks_.refresh();
    more_work_ = true;
}

void StreamThread::on_revoked(const std::vector<TopicPartition>& partitions) {
    if (state() != ThreadState::kPendingShutdown) {
        transition_to(ThreadState::kPartitionsRevoked);
    }
    const std::vector<TaskId> ids = tasks_.readers_of(partitions);
    forget_inputs(partitions);
    try {
        give_up(ids);
    } catch (...) {
        remember_error();
        for (const TaskId& id : ids) {
            close_dirty(id);
        }
    }
    tasks_changed();
}

/// Commits, here and now while the partitions are still ours, and closes.
void StreamThread::give_up(const std::vector<TaskId>& ids) {
    if (ids.empty()) {
        return;
    }
    const bool committed = commit_before_revocation(ids);
    for (const TaskId& id : ids) {
        TaskRegistry::Entry* entry = tasks_.find(id);
        if (entry == nullptr) {
            continue;
        }
        if (!committed || entry->task->state() != TaskState::kRunning) {
            close_dirty(id);
            continue;
        }
        entry->task->suspend();
        entry->task->close_clean();
        retire(tasks_.remove(id));
    }
}

/// False when the tasks that go were not committed. Output that then is still on its way is
/// dropped: it must not reach Kafka after what the next owner writes.
bool StreamThread::commit_before_revocation(const std::vector<TaskId>& ids) {
    std::string why;
    try {
        const auto outcome =
            committer_->commit(tasks_.running(), settings().request_timeout, at_work_);
        if (outcome != Committer::Outcome::kLater) {
            last_commit_ = monotonic();
            committed_->add();
            return true;
        }
        if (!consumer_->assignment_lost() && collector_->flush(milliseconds{0})) {
            return false;
        }
        why = "output of revoked tasks is not acknowledged in time";
    } catch (const TaskInterrupted& interrupted) {
        why = std::string("cannot commit revoked tasks: ") + interrupted.what();
        at_work_ = nullptr;
    } catch (const state::StateCorrupted& corrupted) {
        const bool goes = at_work_ != nullptr &&
                          std::find(ids.begin(), ids.end(), at_work_->task_id()) != ids.end();
        if (!goes) {
            throw;
        }
        log::warn(name() + ": state of a revoked task is damaged: " + corrupted.what());
        return false;
    }
    for (const TaskId& id : ids) {
        close_dirty(id);
    }
    drop_output(why);
    return false;
}

void StreamThread::on_lost(const std::vector<TopicPartition>& partitions) {
    log::warn(name() + ": lost its partitions, other members reprocess the uncommitted records");
    if (state() != ThreadState::kPendingShutdown) {
        transition_to(ThreadState::kPartitionsRevoked);
    }
    forget_inputs(partitions);
    for (const TaskId& id : tasks_.readers_of(partitions)) {
        close_dirty(id);
    }
    try {
        drop_output("the assignment is lost");
    } catch (...) {
        remember_error();
    }
    tasks_changed();
}

/// Does not throw.
void StreamThread::close_dirty(TaskId id) {
    parts_.restorer->remove(this, id);
    {
        // What was restored for this task is nothing to one of the same name that comes later.
        const std::scoped_lock lock(mutex_);
        std::erase_if(restored_, [&](const auto& result) { return result.task == id; });
    }
    std::unique_ptr<StreamTask> task = tasks_.remove(id);
    if (task == nullptr) {
        return;
    }
    if (at_work_ == task.get()) {
        at_work_ = nullptr;
    }
    try {
        task->close_dirty();
    } catch (const std::exception& error) {
        log::error(name() + ": cannot close task " + to_string(id) + ": " + error.what());
    }
    retire(std::move(task));
}

void StreamThread::close_all_dirty() {
    for (const TaskId& id : tasks_.ids()) {
        close_dirty(id);
    }
    tasks_changed();
}

/// Records in flight still point to where their acknowledged offsets go.
void StreamThread::retire(std::unique_ptr<StreamTask> task) {
    parts_.task_maker->closed(task->task_id());
    retired_.push_back(std::move(task));
}

void StreamThread::on_partition_error(const TopicPartition& partition,
                                      const kafka::Status& status) {
    if (status.code() == kafka::ErrorCode::kOffsetOutOfRange) {
        log::warn(name() + ": " + status.message());
        resets_.push_back(partition);
    } else {
        complaints_.warn(name() + ": cannot read partition " + to_string(partition) + ": " +
                         status.message());
    }
}

void StreamThread::on_error(const kafka::Status& status) {
    topics_in_doubt_ = topics_in_doubt_ || status.code() == kafka::ErrorCode::kUnknownTopic;
    if (status.fatal() || status.code() == kafka::ErrorCode::kAuthentication ||
        status.code() == kafka::ErrorCode::kAuthorization) {
        try {
            throw KafkaError("consumer: " + status.message());
        } catch (...) {
            remember_error();
        }
        return;
    }
    complaints_.warn(name() + ": consumer: " + status.message());
}

void StreamThread::close(milliseconds timeout, bool leave_group) {
    if (state() == ThreadState::kDead) {
        return;
    }
    request_stop();
    transition_to(ThreadState::kPendingShutdown);
    try {
        const auto begin = parts_.clock->monotonic();
        const auto left = [&] {
            const auto spent =
                std::chrono::duration_cast<milliseconds>(parts_.clock->monotonic() - begin);
            return std::max(milliseconds{0}, timeout - spent);
        };
        close_tasks(left);
        const bool uncommitted = tasks_.size() > 0;
        close_all_dirty();
        if (uncommitted) {
            // Before others have the tasks: what comes later would undo what they write.
            try {
                collector_->reset();
            } catch (const std::exception& error) {
                log::error(name() + ": cannot drop output: " + error.what());
            }
        }
        if (leave_group) {
            consumer_->close(std::max(left(), milliseconds{100}));
        }
    } catch (const std::exception& error) {
        log::error(name() + ": cannot close cleanly: " + error.what());
    }
    abandon();
}

/// Commits until that succeeds or no time is left, and closes what is committed. Does not throw:
/// whatever is wrong with the tasks, the group is to be left.
void StreamThread::close_tasks(const std::function<milliseconds()>& left) {
    try {
        while (committer_->commit(tasks_.running(), std::min(left(), settings().request_timeout),
                                  at_work_) == Committer::Outcome::kLater &&
               left() > milliseconds{0}) {
            consumer_->poll(milliseconds{10});
        }
        const std::vector<StreamTask*> running = tasks_.running();
        for (StreamTask* task : running) {
            if (!task->commit_needed()) {
                at_work_ = task;
                task->suspend();
                task->close_clean();
                at_work_ = nullptr;
                retire(tasks_.remove(task->task_id()));
            }
        }
    } catch (const ProcessingError& error) {
        log::error(name() + ": cannot commit before the end: " + error.what());
        deliver_dead_letters(std::min(left(), settings().request_timeout));
    } catch (const std::exception& error) {
        log::error(name() + ": cannot commit before the end: " + error.what());
    }
    at_work_ = nullptr;
}

void StreamThread::abandon() {
    if (state() == ThreadState::kDead) {
        return;
    }
    try {
        transition_to(ThreadState::kPendingShutdown);
        close_all_dirty();
        std::unique_ptr<kafka::Consumer> consumer;
        std::vector<std::function<void(TaskRegistry&)>> dropped;
        {
            const std::scoped_lock lock(mutex_);
            consumer.swap(consumer_);
            dropped.swap(posted_);
        }
        consumer.reset();
        collector_.reset();  // Nothing of the retired tasks' is in flight after this.
        retired_.clear();
        transition_to(ThreadState::kDead);
    } catch (const std::exception& error) {
        log::error(name() + ": cannot end cleanly: " + error.what());
    }
}

void StreamThread::tasks_changed() {
    tasks_.refresh();
    assignor_->set_tasks(tasks_.ids(), parts_.task_maker->tasks_on_disk());
    const std::scoped_lock lock(mutex_);
    task_metadata_ = tasks_.metadata();
}

}  // namespace millrace::runtime
