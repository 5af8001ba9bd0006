// SPDX-License-Identifier: Apache-2.0
// Whether the tasks of a stream thread are those that the group has given it, and the topics those
// that the topology needs.
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"
#include "runtime/thread/stream_thread.hpp"

#include <algorithm>

namespace millrace::runtime {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kBetweenTries{100};
constexpr milliseconds kWhileAnotherLooks{10};

/// How long to wait for one answer about topics: the tasks wait meanwhile.
constexpr milliseconds kLook{2'000};

/// How often to look at the topics while tasks cannot run: a changelog may have been deleted.
constexpr milliseconds kBetweenLooks{5'000};

/// How often an error must be seen: brokers may be behind with what they know of topics.
constexpr int kLooksUntilSure = 3;

}  // namespace

/// Opens tasks that could not be opened yet, and gives tasks the inputs that they have got since,
/// or have left. Tasks that are not ours any more were closed when we heard of it.
void StreamThread::fit_tasks() {
    if (tasks_fit_ || (next_fit_ && parts_.clock->monotonic() < *next_fit_)) {
        return;
    }
    next_fit_.reset();
    std::vector<TaskId> changed;
    for (const TaskId& id : inputs_.tasks()) {
        const TaskRegistry::Entry* entry = tasks_.find(id);
        if (entry == nullptr) {
            if (!try_open(id)) {
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
        commit_now(settings().request_timeout);
        if (std::any_of(changed.begin(), changed.end(), [this](const TaskId& id) {
                return tasks_.find(id)->task->commit_needed();
            })) {
            next_fit_ = parts_.clock->monotonic() + kBetweenTries;  // Not committed yet.
            return;
        }
        revive(changed, false);
    }
    tasks_fit_ = !next_fit_;  // Else one waits for another thread, or for Kafka.
    if (tasks_fit_) {
        opening_since_.reset();
    }
    tasks_changed();
}

/// Makes a task of ours that is closed, reading on from the last commit. Throws TryLater when Kafka
/// does not answer.
void StreamThread::reopen(TaskId id, bool wipe) {
    std::vector<TopicPartition> inputs = inputs_.of(id);
    if (inputs.empty()) {
        return;  // Not ours any more.
    }
    if (parts_.task_maker->is_held(id)) {
        wait_for_task(id);
        return;
    }
    auto committed = committed_offsets(inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const kafka::Status status =
            consumer_->seek(parts_.start_positions->start(inputs[i], committed[i]));
        if (!status.ok()) {
            throw TryLater("cannot seek to the committed offset: partition " +
                           to_string(inputs[i]) + ": " + status.message());
        }
        std::erase(resets_, inputs[i]);  // What was found out before the seek.
    }
    open_task(id, std::move(inputs), std::move(committed), wipe);
}

/// A thread that was thrown out of the group closes its tasks when it hears of that, which may be
/// after they were given to us.
void StreamThread::wait_for_task(TaskId id) {
    complaints_.warn(name() + ": waiting for another thread of this process to close task " +
                     to_string(id));
    tasks_fit_ = false;
    next_fit_ = parts_.clock->monotonic() + kBetweenTries;
}

/// Looks at the topics after each round of the group, whenever one is said to be missing, and now
/// and then while tasks cannot run. Throws when they are wrong.
void StreamThread::check_topics() {
    const auto now = parts_.clock->monotonic();
    const std::uint64_t round = assignor_->rounds();
    const bool due = round != round_checked_ || topics_in_doubt_ ||
                     (!tasks_.all_running() && now - topics_checked_ >= kBetweenLooks);
    if (!due || (next_topic_check_ && now < *next_topic_check_)) {
        return;
    }
    std::string reason;
    try {
        if (parts_.internal_topics->prepare(std::min(settings().request_timeout, kLook), reason)) {
            round_checked_ = round;
            topics_in_doubt_ = false;
            topic_errors_ = 0;
            topics_checked_ = now;
            next_topic_check_.reset();
            return;
        }
    } catch (const Error& error) {
        if (++topic_errors_ >= kLooksUntilSure) {
            throw;
        }
        reason = error.what();
    }
    topics_in_doubt_ = true;
    next_topic_check_ =
        parts_.clock->monotonic() + (reason.empty() ? kWhileAnotherLooks : kBetweenTries);
    if (!reason.empty()) {
        complaints_.warn(name() + ": topics are not as required, checking again: " + reason);
    }
}

}  // namespace millrace::runtime
