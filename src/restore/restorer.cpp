// SPDX-License-Identifier: Apache-2.0
#include "restore/restorer.hpp"

#include "core/check.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "kafka/isolation_of.hpp"
#include "millrace/core/error.hpp"
#include "restore/restoring_task.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace::restore {

namespace {

constexpr std::size_t kBatchRecords = 8192;
constexpr int kBatchesAtOnce = 16;

void begin_of(const StateRestoreListener& listener, const Restorer::Changelog& changelog,
              Offset from) {
    if (listener.on_restore_start) {
        listener.on_restore_start(changelog.what.changelog, changelog.what.name, from,
                                  changelog.end);
    }
}

/// Only changelogs that are assigned to the consumer are kReading: it unassigns several all or
/// none.
void stop_reading(kafka::Consumer& consumer, Restorer::Changelog& changelog, Phase next) {
    changelog.phase = next;
    const kafka::Status status = consumer.unassign(std::span(&changelog.what.changelog, 1));
    if (!status.ok()) {
        log::warn("cannot stop reading changelog: " + status.message());
    }
}

}  // namespace

/// Stores the consumer's errors until the restorer's own code runs again.
class Restorer::Listener final : public kafka::ConsumerListener {
  public:
    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override {
        errors.emplace_back(partition, status);
    }
    void on_error(const kafka::Status& status) override { last_error = status.message(); }

    std::vector<std::pair<TopicPartition, kafka::Status>> errors;
    std::string last_error;
};

Restorer::Restorer(Parts parts)
    : parts_(std::move(parts)),
      removal_age_(*parts_.admin, *parts_.clock, parts_.request_timeout),
      listener_(std::make_unique<Listener>()),
      log_(*parts_.clock),
      read_committed_(kafka::isolation_of(parts_.consumer_settings) ==
                      kafka::Isolation::kReadCommitted),
      open_transactions_(*parts_.clock) {
    MILLRACE_CHECK(parts_.supplier != nullptr && parts_.admin != nullptr &&
                   parts_.clock != nullptr && parts_.metrics != nullptr);
    restored_records_ =
        parts_.metrics->counter({"restore-records-total", "stream-state-updater-metrics"});
    consumer_ = parts_.supplier->make_consumer(parts_.consumer_settings, nullptr);
    headers_.resize(kBatchRecords);
}

Restorer::~Restorer() {
    messages_.clear();  // Destroyed before the consumer that owns their memory.
}

void Restorer::add(const void* owner, TaskId id, state::TaskStores& stores,
                   std::vector<StoreToRestore> to_restore, RestoreMailbox mailbox) {
    auto task = std::make_shared<Task>();
    task->owner = owner;
    task->id = id;
    task->stores = &stores;
    task->mailbox = std::move(mailbox);
    for (StoreToRestore& what : to_restore) {
        task->changelogs.push_back({.what = std::move(what)});
    }
    {
        const MutexLock lock(mutex_);
        const bool added = tasks_.try_emplace({owner, id}, std::move(task)).second;
        MILLRACE_CHECK(added);
    }
    consumer_->wake_up();
}

void Restorer::remove(const void* owner, TaskId id) {
    std::shared_ptr<Task> task;
    {
        const MutexLock lock(mutex_);
        const auto found = tasks_.find({owner, id});
        if (found == tasks_.end()) {
            return;
        }
        task = std::move(found->second);
        tasks_.erase(found);
    }
    task->cancelled.store(true);  // Stops after the current batch.
    consumer_->wake_up();
    const MutexLock task_lock(task->mutex);
    for (const Changelog& changelog : task->changelogs) {
        if (changelog.phase == Phase::kReading) {
            {
                const MutexLock lock(mutex_);
                orphans_.push_back(changelog.what.changelog);
            }
            suspended(changelog);
        }
    }
}

/// An exception cannot be thrown through a rebalance.
void Restorer::suspended(const Changelog& changelog) const {
    if (!parts_.listener.on_restore_suspended) {
        return;
    }
    try {
        parts_.listener.on_restore_suspended(changelog.what.changelog, changelog.what.name,
                                             changelog.total);
    } catch (const std::exception& error) {
        log::error("the restore listener failed in on_restore_suspended: store " +
                   changelog.what.name + ": " + error.what());
    } catch (...) {
        log::error("the restore listener failed in on_restore_suspended: store " +
                   changelog.what.name + ": exception not derived from std::exception");
    }
}

std::vector<std::shared_ptr<Restorer::Task>> Restorer::snapshot() const {
    const MutexLock lock(mutex_);
    std::vector<std::shared_ptr<Task>> tasks;
    tasks.reserve(tasks_.size());
    for (const auto& [key, task] : tasks_) {
        tasks.push_back(task);
    }
    // Not in the order of the owners' addresses, which differ from run to run.
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const auto& left, const auto& right) { return left->id < right->id; });
    return tasks;
}

bool Restorer::idle() const {
    const MutexLock lock(mutex_);
    return tasks_.empty();
}

void Restorer::wake_up() {
    consumer_->wake_up();
}

std::chrono::milliseconds Restorer::run_once(Timestamp) {
    // The tasks first: one that was removed and added again has left its changelogs before.
    const auto tasks = snapshot();
    unassign_orphans();
    bool progress = false;
    if (!paused()) {
        for (const auto& task : tasks) {
            progress = work_on(task) || progress;
        }
    }
    consumer_->poll(progress ? std::chrono::milliseconds{0} : parts_.poll);
    for (const auto& [partition, status] : std::exchange(listener_->errors, {})) {
        failed(partition, status);
    }
    if (!listener_->last_error.empty() && !idle()) {
        log_.warn("restoring is delayed: " + std::exchange(listener_->last_error, {}));
    }
    return std::chrono::milliseconds{0};
}

bool Restorer::paused() const {
    return parts_.paused != nullptr && parts_.paused->load(std::memory_order_relaxed);
}

/// Makes progress with one task. Returns whether anything was done.
bool Restorer::work_on(const std::shared_ptr<Task>& task) {
    bool progress = false;
    bool done = false;
    std::exception_ptr error;
    try {
        if (task->prepared || prepare(*task)) {
            report_open_transactions(*task);
            progress = advance(*task);
        }
        done = task->prepared && task->complete();
        if (done) {
            MILLRACE_FAIL_POINT("restore.handing_over");
        }
    } catch (const std::exception& failure) {
        log::error("cannot restore task " + to_string(task->id) + ": " + failure.what());
        error = std::current_exception();
    } catch (...) {
        error = std::make_exception_ptr(KafkaError("cannot restore task " + to_string(task->id) +
                                                   ": exception not derived from std::exception"));
    }
    if (!done && error == nullptr) {
        return progress;
    }
    finish_task(task, std::move(error));
    return true;
}

void Restorer::unassign_orphans() {
    std::vector<TopicPartition> orphans;
    {
        const MutexLock lock(mutex_);
        orphans.swap(orphans_);
    }
    if (!orphans.empty()) {
        const kafka::Status status = consumer_->unassign(orphans);
        if (!status.ok()) {
            log::warn("cannot stop reading changelogs: " + status.message());
        }
    }
}

void Restorer::begin(Task& task, Changelog& changelog, Offset first, Offset end, Timestamp now) {
    const std::size_t store = changelog.what.store;
    std::optional<Offset> stored = task.stores->changelog_offset(store);
    changelog.end = std::min(end, changelog.what.limit.value_or(end));
    changelog.end_at = changelog.end == end ? std::optional(now) : std::nullopt;
    if (stored) {
        if (const auto why = why_not(task, changelog, *stored, first, end)) {
            log::warn("rebuilding store " + changelog.what.name + " of task " + to_string(task.id) +
                      " from its changelog: " + *why);
            stored.reset();
        }
    }
    Offset from = first;
    if (stored) {
        from = *stored + 1;
    } else {
        task.stores->clear(store);
    }
    MILLRACE_FAIL_POINT("restore.begun");
    changelog.last = stored;
    changelog.total = 0;
    begin_of(parts_.listener, changelog, from);
    if (from >= changelog.end) {
        finish(task, changelog);
        return;
    }
    const kafka::StartPosition start{changelog.what.changelog, from};
    const kafka::Status status = consumer_->assign(std::span(&start, 1), *listener_);
    if (!status.ok()) {
        throw KafkaError("cannot read changelog " + to_string(changelog.what.changelog) + ": " +
                         status.message());
    }
    changelog.phase = Phase::kReading;
}

/// Applies the received records in batches. Between batches the task can be removed, and after
/// kBatchesAtOnce other tasks get their turn.
bool Restorer::advance(Task& task) {
    bool any = false;
    for (Changelog& changelog : task.changelogs) {
        for (int batch = 0; batch < kBatchesAtOnce; ++batch) {
            const MutexLock lock(task.mutex);
            if (task.cancelled || paused() || changelog.phase != Phase::kReading ||
                !read(task, changelog)) {
                break;
            }
            any = true;
        }
    }
    return any;
}

/// Applies the current records.
void Restorer::apply(Task& task, const Changelog& changelog) {
    try {
        task.stores->restore(changelog.what.store, records_);
    } catch (const StateError& error) {
        throw StateError("cannot restore store " + changelog.what.name + ": topic " +
                         changelog.what.changelog.topic + ", partition " +
                         std::to_string(changelog.what.changelog.partition) + ": " + error.what());
    }
}

/// Applies one batch. False if there was none.
bool Restorer::read(Task& task, Changelog& changelog) {
    kafka::PartitionQueue* queue = consumer_->queue(changelog.what.changelog);
    if (queue == nullptr) {
        return false;
    }
    messages_.clear();
    const std::size_t count = queue->read(messages_, kBatchRecords);
    records_.clear();
    for (std::size_t i = 0; i < count && messages_[i].offset() < changelog.end; ++i) {
        const kafka::Message& message = messages_[i];
        changelog.last = message.offset();
        if (message.key()) {
            message.refer_headers(headers_[i]);
            const auto time = changelog.what.filter ? changelog.what.filter(message, headers_[i])
                                                    : std::optional(message.timestamp());
            if (time) {
                records_.push_back(
                    {message.key(), message.value(), *time, message.offset(), &headers_[i]});
            }
        }
    }
    if (!records_.empty()) {
        apply(task, changelog);
        MILLRACE_FAIL_POINT("restore.batch_applied");
        changelog.total += static_cast<std::int64_t>(records_.size());
        restored_records_->add(records_.size());
        if (parts_.listener.on_batch_restored) {
            parts_.listener.on_batch_restored(changelog.what.changelog, changelog.what.name,
                                              *changelog.last,
                                              static_cast<std::int64_t>(records_.size()));
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        headers_[i].clear();
    }
    messages_.clear();
    // The position includes the control records and gaps at the end of many changelogs.
    const auto position = queue->position();
    if ((changelog.last && *changelog.last + 1 >= changelog.end) ||
        (position && *position >= changelog.end)) {
        stop_reading(*consumer_, changelog, Phase::kRead);
        finish(task, changelog);
        return true;
    }
    return count > 0;
}

void Restorer::finish(Task& task, Changelog& changelog) {
    task.stores->finish_restore(changelog.what.store, changelog.last, changelog.end_at);
    MILLRACE_FAIL_POINT("restore.finished");
    changelog.phase = Phase::kDone;
    if (parts_.listener.on_restore_end) {
        parts_.listener.on_restore_end(changelog.what.changelog, changelog.what.name,
                                       changelog.total);
    }
}

void Restorer::finish_task(const std::shared_ptr<Task>& task, std::exception_ptr error) {
    // The mailbox is called under the lock: a thread that removes the task waits, and gets no
    // message after that.
    const MutexLock lock(mutex_);
    const auto found = tasks_.find({task->owner, task->id});
    if (found == tasks_.end() || found->second != task) {
        return;  // The task is being removed.
    }
    tasks_.erase(found);
    for (const Changelog& changelog : task->changelogs) {
        if (changelog.phase == Phase::kReading) {
            orphans_.push_back(changelog.what.changelog);
        }
    }
    task->cancelled.store(true);
    task->mailbox({task->id, std::move(error)});
}

void Restorer::failed(const TopicPartition& partition, const kafka::Status& status) {
    // If the topic does not exist, wait for it, and read it from its beginning when it is created
    // again.
    const bool gone = status.code() == kafka::ErrorCode::kUnknownTopic;
    if (!gone && status.code() != kafka::ErrorCode::kOffsetOutOfRange) {
        log_.warn("cannot read changelog " + to_string(partition) + ": " + status.message());
        return;
    }
    for (const auto& task : snapshot()) {
        const MutexLock lock(task->mutex);
        for (Changelog& changelog : task->changelogs) {
            if (!task->cancelled && changelog.phase == Phase::kReading &&
                changelog.what.changelog == partition) {
                stop_reading(*consumer_, changelog, Phase::kNew);
                changelog.rebuild = true;
                task->prepared = false;
            }
        }
    }
}

}  // namespace millrace::restore
