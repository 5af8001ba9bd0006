// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/task_executor.hpp"

#include "core/fail_point.hpp"
#include "runtime/task/task_errors.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kRetryBackoff{100};

/// How long one task runs before the other tasks get their turn.
constexpr milliseconds kTaskTurn{5};

/// How long a commit waits for the end of a join. Longer joins usually wait for other members,
/// which have not detected the rebalance yet.
constexpr milliseconds kShortJoin{200};

/// How soon to check tasks again that hold records back to keep timestamp order.
constexpr milliseconds kHeldBackWait{10};

}  // namespace

TaskExecutor::TaskExecutor(Parts parts)
    : parts_(std::move(parts)),
      committer_(*parts_.consumer, *parts_.collector, *parts_.clock, parts_.settings->task_timeout),
      last_commit_(monotonic()) {}

void TaskExecutor::process() {
    more_work_ = false;
    const auto& running = parts_.tasks->registry().running();
    // While output cannot be acknowledged and state is at its limit, more input only makes it
    // worse.
    if (running.empty() || (committer_.failing() && commit_due(monotonic()))) {
        return;
    }
    const auto end = monotonic() + parts_.slice;
    std::size_t idle = 0;  // The number of consecutive tasks without records.
    while (idle < running.size()) {
        if (next_task_ >= running.size()) {
            next_task_ = 0;
            parts_.collector->poll();
            maybe_commit();
        }
        StreamTask& task = *running[next_task_++];
        const std::size_t records =
            run_task_code(task.task_id(), [&] { return process_task(task, end); });
        idle = records > 0 ? 0 : idle + 1;
        if (monotonic() >= end || parts_.stop_requested->load(std::memory_order_relaxed) ||
            parts_.consumer->assignment_lost()) {
            more_work_ = idle < running.size();
            return;
        }
    }
}

/// The clock is read only now and then: see Pace.
std::size_t TaskExecutor::process_task(StreamTask& task, nanoseconds slice_end) {
    task.fetch();
    MILLRACE_FAIL_POINT("process.fetched");
    const std::size_t batch = parts_.settings->process_batch;
    std::size_t records = 0;
    auto before = monotonic();
    const auto end = std::min<nanoseconds>(before + kTaskTurn, slice_end);
    std::size_t asked = 0;
    std::size_t processed = 0;
    do {
        asked = std::min(task.pace().records(), batch - records);
        processed = task.process(asked, parts_.clock->now());
        records += processed;
        const auto after = monotonic();
        task.pace().took(processed, after - before);
        before = after;
    } while (processed == asked && records < batch && before < end);
    if (records > 0) {
        task.punctuate_stream_time(parts_.clock->now());
        parts_.processed->add(records);
    }
    return records;
}

/// Tasks that got no time are first in the next round.
void TaskExecutor::punctuate() {
    const auto& running = parts_.tasks->registry().running();
    const auto end = monotonic() + parts_.slice;
    for (std::size_t i = 0; i < running.size(); ++i) {
        StreamTask& task = *running[next_clock_++ % running.size()];
        run_task_code(task.task_id(), [&] { task.punctuate(parts_.clock->now()); });
        MILLRACE_FAIL_POINT("process.punctuated");
        if (monotonic() >= end) {
            more_work_ = more_work_ || i + 1 < running.size();
            break;
        }
    }
}

bool TaskExecutor::commit_due(nanoseconds now) const {
    if (now - last_commit_ >= parts_.settings->commit_interval) {
        return true;
    }
    std::size_t uncommitted = 0;
    for (StreamTask* task : parts_.tasks->registry().running()) {
        if (task->commit_requested()) {
            return true;
        }
        uncommitted += task->stores().uncommitted_bytes();
    }
    const std::size_t limit = parts_.settings->uncommitted_bytes_max;
    return limit > 0 && uncommitted > limit;
}

void TaskExecutor::maybe_commit() {
    const auto now = monotonic();
    if (!waits_for_join(now) && (!next_attempt_ || now >= *next_attempt_) && commit_due(now)) {
        commit(parts_.settings->request_timeout);
    }
}

bool TaskExecutor::waits_for_join(nanoseconds now) {
    if (!parts_.collector->transactional() || !parts_.joining()) {
        joining_since_.reset();
        return false;
    }
    if (!joining_since_) {
        joining_since_ = now;
    }
    return now - *joining_since_ < kShortJoin;
}

Committer::Outcome TaskExecutor::commit(milliseconds timeout) {
    const auto outcome = committer_.commit(parts_.tasks->registry().running(), timeout);
    const auto now = monotonic();
    if (outcome == Committer::Outcome::kLater) {
        next_attempt_ = now + kRetryBackoff;
        return outcome;
    }
    next_attempt_.reset();
    last_commit_ = now;
    if (outcome == Committer::Outcome::kDone || caught_up()) {
        parts_.backoff->succeeded(now);
    }
    parts_.commits->add();
    parts_.tasks->report_sizes();
    parts_.tasks->resize_cache();
    if (parts_.tasks->any_closed() && parts_.collector->flush(milliseconds{0})) {
        parts_.tasks->destroy_closed();
    }
    return outcome;
}

/// Having nothing to commit while tasks restore, or wait for a failing record, does not count as
/// success.
bool TaskExecutor::caught_up() const {
    const TaskRegistry& tasks = parts_.tasks->registry();
    return parts_.all_assigned_open() && tasks.all_running() &&
           std::all_of(tasks.running().begin(), tasks.running().end(),
                       [](const StreamTask* task) { return task->caught_up(); });
}

milliseconds TaskExecutor::wait(Timestamp now, milliseconds at_most) const {
    if (more_work_) {
        return milliseconds{0};
    }
    milliseconds wait = at_most;
    const auto in = [&](milliseconds left) {
        wait = std::min(wait, std::max(milliseconds{0}, left));
    };
    bool held_back = false;
    bool to_commit = false;
    for (const StreamTask* task : parts_.tasks->registry().running()) {
        held_back = held_back || task->buffered() > 0;
        to_commit = to_commit || task->commit_needed();
        if (const auto due = task->next_wall_clock_punctuation()) {
            in(*due - now);
        }
    }
    if (held_back) {
        in(kHeldBackWait);
    }
    if (to_commit) {
        const auto passed = monotonic();
        auto due = std::max<nanoseconds>(last_commit_ + parts_.settings->commit_interval,
                                         next_attempt_.value_or(passed));
        if (joining_since_) {  // The end of the join wakes the thread up.
            due = std::max<nanoseconds>(due, *joining_since_ + kShortJoin);
        }
        in(std::chrono::ceil<milliseconds>(due - passed));
    }
    return wait;
}

}  // namespace millrace::runtime
