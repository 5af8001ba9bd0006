// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/stream_thread.hpp"

#include "core/check.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/thread/subscription.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;

/// How long joining the group may take before it is logged.
constexpr std::chrono::seconds kQuietJoining{5};

}  // namespace

StreamThread::~StreamThread() {
    abandon();
}

milliseconds StreamThread::run_once(Timestamp now) {
    try {
        turn(now);
    } catch (const RestartFromCommit& cause) {
        restart(cause);
    } catch (const TaskFailure& failure) {
        rebuild(failure);
    } catch (const ProcessingError&) {
        deliver_dead_letters(parts_.settings.request_timeout);
        throw;
    }
    return milliseconds{0};
}

void StreamThread::turn(Timestamp now) {
    run_posted();
    if (state() == ThreadState::kCreated) {
        states_.transition_to(ThreadState::kStarting);
        counts_forgotten_ = monotonic();
    }
    if (!subscribed_at_ && !join()) {
        return;
    }
    MILLRACE_FAIL_POINT("poll.begun");
    consumer_->poll(wait_time(now));
    MILLRACE_FAIL_POINT("poll.done");
    polled_->add();
    assigned_->throw_pending();
    handle_group_commands();
    planned_rejoin_->check();
    topics_->check();
    assigned_->add_new_inputs();
    assigned_->apply_resets();
    update_standbys();
    tasks_->start_restored();
    abort_departed_transactions();
    update_thread_state();
    warn_while_waiting();
    if (transactions_initialised()) {
        if (!paused() && !consumer_->assignment_lost()) {
            executor_->process();
            executor_->punctuate();
        }
        executor_->maybe_commit();
    }
    collector_->poll();
    const TaskRegistry& tasks = tasks_->registry();
    throughput_log_.write(monotonic(), executor_->processed(), tasks.running().size(),
                          tasks.size());
    forget_partition_counts();
}

/// Internal topics first: a member that subscribes to missing topics detects them late.
/// Transactions, too: the tasks are opened at once when they are assigned.
bool StreamThread::join() {
    if (const milliseconds wait = topics_->wait(); wait > milliseconds{0}) {
        consumer_->poll(std::min(parts_.settings.poll, wait));
        return false;
    }
    const bool ready = topics_->ready_to_join() && transactions_initialised();
    if (ready) {
        subscribe();
    }
    return ready;
}

bool StreamThread::transactions_initialised() {
    const bool initialised = collector_->initialise(kSlice);
    if (!initialised) {
        log_.warn(name() + ": waiting for the transaction coordinator");
    }
    return initialised;
}

void StreamThread::subscribe() {
    if (parts_.racks != nullptr) {  // This member may be the leader of the next rebalance.
        parts_.racks->look_up(parts_.settings.request_timeout);
    }
    tasks_->publish();
    collector_->prepare_for(
        topics_written(parts_.task_maker->application(), parts_.task_settings->dead_letter_topic));
    const kafka::Status status =
        consumer_->subscribe(subscription_of(parts_.task_maker->application()), *assigned_);
    if (!status.ok()) {
        throw KafkaError("cannot subscribe: " + status.message());
    }
    subscribed_at_ = monotonic();
    MILLRACE_FAIL_POINT("poll.subscribed");
}

milliseconds StreamThread::wait_time(Timestamp now) const {
    if (stop_requested_.load(std::memory_order_relaxed)) {
        return milliseconds{0};
    }
    const auto passed = monotonic();
    const auto until = [&](std::chrono::nanoseconds due) {
        return std::clamp(std::chrono::ceil<milliseconds>(due - passed), milliseconds{0},
                          parts_.settings.poll);
    };
    if (paused()) {
        return backoff_.pausing(passed) ? until(backoff_.resume_at()) : parts_.settings.poll;
    }
    const milliseconds wait = executor_->wait(now, parts_.settings.poll);
    const auto attempt = assigned_->next_attempt();
    return attempt ? std::min(wait, until(*attempt)) : wait;
}

/// Tasks are neither processed nor punctuated: paused by the user, or after a restart.
bool StreamThread::paused() const {
    return parts_.paused->load(std::memory_order_relaxed) || backoff_.pausing(monotonic());
}

void StreamThread::abort_departed_transactions() {
    if (departed_ == nullptr) {
        return;
    }
    if (assigned_->complete() && tasks_->registry().all_running()) {
        departed_->tasks_run();
    } else {
        departed_->tasks_wait(assignor_->departed(), kSlice);
    }
}

/// Handles commands of the group leader other than assignments.
void StreamThread::handle_group_commands() {
    const auto stop = assignor_->stop();
    if (stop.reason == assignment::StopReason::kUnknownVersion) {
        throw KafkaError(stop.message);
    }
    if (stop.reason == assignment::StopReason::kShutDownApplication && !shutdown_announced_) {
        shutdown_announced_ = true;
        log::error(name() + ": " + stop.message);
        if (parts_.on_application_shutdown) {
            parts_.on_application_shutdown();
        }
    }
}

/// Opens and closes standbys as the last rebalance has decided, when its assignment has arrived: a
/// standby that is to be promoted must not be closed before.
void StreamThread::update_standbys() {
    const std::uint64_t round = assignor_->rounds();
    StandbyTasks& standbys = tasks_->standbys();
    if (round == standbys_of_round_ && standbys.complete()) {
        return;
    }
    const auto assigned = assignor_->assigned();
    std::vector<TaskId> wanted = assignor_->standby();
    if (!assigned || *assigned != assigned_->inputs().all() || assignor_->rounds() != round) {
        return;
    }
    const auto open = [this](TaskId id) { return tasks_->registry().find(id) != nullptr; };
    const bool waits = std::erase_if(wanted, open) > 0;  // They have not been revoked yet.
    for (const TaskId& id : assigned_->inputs().tasks()) {
        if (!open(id) && standbys.has(id)) {
            wanted.push_back(id);  // It becomes the task when that can be opened.
        }
    }
    // Tasks first: their partitions wait.
    if (standbys.update(wanted, assigned_->complete())) {
        tasks_->publish();
    }
    if (!waits) {
        standbys_of_round_ = round;
    }
}

/// Running when every task is. The listener is not called for a rebalance that changes nothing, or
/// leaves no partitions; the assignor is.
void StreamThread::update_thread_state() {
    if (state() == ThreadState::kStarting || state() == ThreadState::kPartitionsRevoked) {
        const auto assigned = assignor_->assigned();
        if (!assigned || *assigned != tasks_->registry().inputs()) {
            return;
        }
        states_.transition_to(ThreadState::kPartitionsAssigned);
    }
    if (state() == ThreadState::kPartitionsAssigned && assigned_->complete() &&
        tasks_->registry().all_running()) {
        states_.transition_to(ThreadState::kRunning);
    }
}

/// A group that still has dead members assigns no partitions until their sessions have expired.
void StreamThread::warn_while_waiting() {
    if (state() != ThreadState::kStarting || monotonic() - *subscribed_at_ < kQuietJoining) {
        return;
    }
    const auto found = parts_.consumer_settings.find("session.timeout.ms");
    log_.warn(name() +
              ": waiting for the group to assign partitions: it waits for members that "
              "ended without leaving, up to session.timeout.ms = " +
              (found == parts_.consumer_settings.end() ? "45000" : found->second));
}

void StreamThread::forget_partition_counts() {
    const auto now = monotonic();
    if (now - counts_forgotten_ >= parts_.settings.metadata_max_age) {
        collector_->forget_partition_counts();
        counts_forgotten_ = now;
    }
}

/// Output waits for room in the producer's queue, possibly for minutes if the cluster is
/// unreachable.
void StreamThread::check_while_output_waits() const {
    using Backoff = RestartFromCommit::Backoff;
    if (stop_requested_.load(std::memory_order_relaxed)) {
        throw RestartFromCommit("stopping while output waits for the cluster", Backoff::kNone);
    }
    if (consumer_->assignment_lost()) {
        throw RestartFromCommit("partitions were lost while output waits for the cluster",
                                Backoff::kNone);
    }
    if (assigned_->revocation_is_late()) {
        throw RestartFromCommit("output of revoked tasks waits for too long", Backoff::kNone);
    }
}

/// The group reports through the listener whether the tasks are still assigned: until then, retry.
void StreamThread::restart(const RestartFromCommit& cause) {
    log_.warn(name() + ": restarting from the last commit: " + cause.what());
    topics_->doubt();
    collector_->reset();
    MILLRACE_FAIL_POINT("restart.output_dropped");
    assigned_->restart_tasks(tasks_->registry().ids(), false);
    MILLRACE_FAIL_POINT("restart.reopened");
    if (cause.backoff() == RestartFromCommit::Backoff::kGrowing && !backoff_.add(monotonic())) {
        throw KafkaError(std::string("no progress within task.timeout.ms: ") + cause.what());
    }
}

void StreamThread::rebuild(const TaskFailure& failure) {
    log::warn(name() + ": state is damaged and will be rebuilt: " + failure.what());
    std::vector<TaskId> others;
    if (collector_->transactional()) {  // The open transaction contains output of the task.
        others = tasks_->registry().ids();
        std::erase(others, failure.task());
        collector_->reset();
    }
    assigned_->restart_tasks({failure.task()}, true);
    assigned_->restart_tasks(others, false);
    if (!backoff_.add(monotonic())) {
        std::rethrow_exception(failure.cause());
    }
}

void StreamThread::run_posted() {
    std::vector<std::function<void(TaskRegistry&)>> posted;
    {
        const MutexLock lock(mutex_);
        posted.swap(posted_);
    }
    for (const auto& work : posted) {
        work(tasks_->registry());
    }
}

void StreamThread::post(std::function<void(TaskRegistry&)> work) {
    const MutexLock lock(mutex_);
    if (consumer_ != nullptr) {
        posted_.push_back(std::move(work));
        consumer_->wake_up();
    }
}

ThreadMetadata StreamThread::metadata() const {
    return {name(), std::string(to_string(state())), tasks_->metadata(),
            tasks_->standby_metadata()};
}

}  // namespace millrace::runtime
