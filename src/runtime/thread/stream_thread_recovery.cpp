// SPDX-License-Identifier: Apache-2.0

// The part of StreamThread that goes back to the last commit, and begins where it is not known yet
// from which offset.
#include "core/log.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"
#include "runtime/thread/stream_thread.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryBackoff{100};

}  // namespace

/// The input is read again from the last commit, after a while: what went wrong may still be so.
void StreamThread::fall_back(const std::string& why) {
    complaints_.warn(name() + ": restarting from the last commit: " + why);
    topics_in_doubt_ = true;
    collector_->reset();
    revive(tasks_.ids(), false);
    more_work_ = false;
    if (!setbacks_.add(monotonic())) {
        throw KafkaError("no progress within task.timeout.ms: " + why);
    }
}

/// To be called in a catch block: throws on what it handles when that does not end.
void StreamThread::rebuild(TaskId id, const std::string& why) {
    log::warn(name() + ": state is damaged and will be rebuilt: " + why);
    revive({id}, true);
    if (!setbacks_.add(monotonic())) {
        throw;
    }
}

/// Starts tasks again from their last commit, with their files or without.
void StreamThread::revive(const std::vector<TaskId>& ids, bool wipe) {
    std::vector<TaskId> again;
    for (const TaskId& id : ids) {
        if (tasks_.find(id) == nullptr) {
            continue;
        }
        close_dirty(id);
        again.push_back(id);
        if (wipe) {
            wiped_.insert(id);
        }
    }
    for (const TaskId& id : again) {
        if (!try_open(id)) {
            break;
        }
    }
    if (state() == ThreadState::kRunning) {
        transition_to(ThreadState::kPartitionsAssigned);
    }
    tasks_changed();
}

/// False: Kafka does not answer, and the others need not be tried now.
bool StreamThread::try_open(TaskId id) {
    try {
        reopen(id, wiped_.contains(id));
    } catch (const TryLater& later) {
        open_later(later.what());
        return false;
    } catch (const StopRequested&) {
        tasks_fit_ = false;  // For good.
        return false;
    }
    if (tasks_.find(id) != nullptr) {
        wiped_.erase(id);
    }
    return true;
}

/// Some tasks are opened at a later turn. Throws when that has lasted too long.
void StreamThread::open_later(const std::string& why) {
    const auto now = monotonic();
    if (!opening_since_) {
        opening_since_ = now;
    }
    if (now - *opening_since_ >= settings().task_timeout) {
        throw KafkaError("tasks cannot be opened within task.timeout.ms = " +
                         std::to_string(settings().task_timeout.count()) + ": " + why);
    }
    complaints_.warn(name() + ": retrying: " + why);
    tasks_fit_ = false;
    next_fit_ = now + kRetryBackoff;
}

/// These partitions are no longer ours.
void StreamThread::forget_inputs(const std::vector<TopicPartition>& partitions) {
    inputs_.remove(partitions);
    std::erase_if(wiped_, [this](const TaskId& id) { return inputs_.of(id).empty(); });
    tasks_fit_ = false;  // Some may go on with what they have left.
}

/// The records at an offset are gone: goes on where the reset policy says.
void StreamThread::apply_resets() {
    if (resets_.empty() || monotonic() < next_reset_) {
        return;
    }
    for (const TopicPartition& partition : std::exchange(resets_, {})) {
        if (consumer_->queue(partition) == nullptr) {
            continue;  // No longer ours.
        }
        const Offset where = parts_.start_positions->reset(partition);
        const kafka::Status status = consumer_->seek({partition, where});
        if (!status.ok()) {
            complaints_.warn(name() + ": cannot reset partition " + to_string(partition) +
                             ", retrying: " + status.message());
            resets_.push_back(partition);
            next_reset_ = monotonic() + kRetryBackoff;
            continue;
        }
        log::warn(name() +
                  ": the records at the committed offset no longer exist, resuming at the " +
                  (where == kafka::kFromEnd ? "end" : "beginning") + " of partition " +
                  to_string(partition));
    }
}

/// To be called in a catch block of a call of the consumer's: run_once throws it on. Of several,
/// one that ends the thread comes before one that goes back to the last commit.
void StreamThread::remember_error() {
    bool interrupted = false;
    try {
        throw;
    } catch (const TaskInterrupted&) {
        interrupted = true;
    } catch (...) {
    }
    if (listener_error_ == nullptr || !interrupted) {
        listener_error_ = std::current_exception();
    }
}

/// Drops what is still on its way to Kafka, as others have the tasks from now on. Tasks that stay
/// have lost output as well, and go back to the last commit.
void StreamThread::drop_output(const std::string& why) {
    log::warn(name() + ": dropping output that is not acknowledged: " + why);
    collector_->reset();
    if (tasks_.size() > 0) {
        try {
            throw TaskMigrated(why);
        } catch (...) {
            remember_error();
        }
    }
}

/// Before an error ends the thread, and with it the producer: dead letters tell what failed. Does
/// not throw.
void StreamThread::deliver_dead_letters(milliseconds timeout) {
    const auto sent = [](const auto& task) { return task->sent_dead_letters(); };
    if (!collector_->sent_dead_letters() &&
        std::none_of(tasks_.running().begin(), tasks_.running().end(), sent) &&
        std::none_of(retired_.begin(), retired_.end(), sent)) {
        return;  // Other output is made again by whoever has the tasks next.
    }
    if (consumer_->assignment_lost()) {
        return;  // Whoever has the tasks meets the same record.
    }
    try {
        if (!collector_->flush(timeout)) {
            log::error(name() + ": output from before an error is not acknowledged in time");
        }
    } catch (const std::exception& error) {
        log::error(name() + ": output from before an error is not delivered: " + error.what());
    }
}

}  // namespace millrace::runtime
