// SPDX-License-Identifier: Apache-2.0

// Which changelogs the consumer reads: a limited number at a time.
#include "millrace/core/error.hpp"
#include "restore/restorer.hpp"
#include "restore/restoring_task.hpp"

#include <algorithm>
#include <utility>

namespace millrace::restore {

namespace {

/// After this time a changelog makes place for another, however little it has got: its broker may
/// be down, or a transaction may be open.
constexpr std::chrono::seconds kTurn{5};

}  // namespace

/// The changelogs that need a place, as of this turn. Those of standbys that have caught up do not:
/// few of their records are fetched at a time.
struct Restorer::Places {
    struct Candidate {
        Task* task = nullptr;
        Changelog* changelog = nullptr;
        bool standby = false;
        std::uint64_t waiting_since = 0;
    };

    std::vector<Candidate> parked;
    std::vector<Candidate> reading;
    std::size_t restoring_tasks = 0;
};

Restorer::Places Restorer::places(const std::vector<std::shared_ptr<Task>>& tasks) {
    Places places;
    for (const auto& task : tasks) {
        const MutexLock lock(task->mutex);
        const bool standby = task->standby;
        places.restoring_tasks += standby ? 0 : 1;
        for (Changelog& changelog : task->changelogs) {
            if (task->cancelled || !under_way(changelog.phase)) {
                continue;
            }
            if (changelog.parked) {
                places.parked.push_back({task.get(), &changelog, standby, changelog.waiting_since});
            } else if (!standby || !changelog.caught_up) {
                places.reading.push_back({task.get(), &changelog, standby});
            }
        }
    }
    std::sort(places.parked.begin(), places.parked.end(), [](const auto& left, const auto& right) {
        return std::pair(left.standby, left.waiting_since) <
               std::pair(right.standby, right.waiting_since);
    });
    return places;
}

/// Gives free places, and those of changelogs that were read for long enough, to the changelogs
/// that wait: first to those of tasks, then in the order in which they were parked.
void Restorer::take_turns(const std::vector<std::shared_ptr<Task>>& tasks) {
    Places now = places(tasks);
    reports_.tasks(now.restoring_tasks, tasks.size() - now.restoring_tasks);
    const std::size_t all = parts_.changelogs_at_once;
    free_places_ = all - std::min(all, now.reading.size());
    for (const auto& waiting : now.parked) {
        if (free_places_ == 0 && !make_place(now, waiting.standby)) {
            break;
        }
        const MutexLock lock(waiting.task->mutex);
        if (waiting.task->cancelled || waiting.task->held) {
            continue;
        }
        try {
            assign(*waiting.changelog, waiting.changelog->resume_at);
        } catch (const KafkaError& error) {
            log_.warn(std::string(error.what()) + ", retrying");
        }
    }
}

/// Parks a changelog that has had its turn. Standbys make place for tasks at once, and tasks never
/// for standbys.
bool Restorer::make_place(Places& places, bool for_standby) {
    while (!places.reading.empty()) {
        const Places::Candidate last = places.reading.back();
        places.reading.pop_back();
        const MutexLock lock(last.task->mutex);
        const Changelog& changelog = *last.changelog;
        const bool turn_over = changelog.read_in_turn >= parts_.records_in_turn ||
                               parts_.clock->monotonic() - changelog.assigned_at >= kTurn;
        const bool gives_way = last.standby ? turn_over || !for_standby : turn_over && !for_standby;
        if (gives_way && !last.task->cancelled && !last.task->held && assigned(changelog)) {
            park(*last.changelog);
            return true;
        }
    }
    return false;
}

/// Starts to read a changelog from that offset if there is a free place.
void Restorer::read_or_park(Changelog& changelog, Offset from) {
    if (free_places_ > 0) {
        assign(changelog, from);
        return;
    }
    changelog.parked = true;
    changelog.resume_at = from;
    changelog.waiting_since = ++parked_;
}

void Restorer::assign(Changelog& changelog, Offset from) {
    const kafka::StartPosition start{changelog.what.changelog, from};
    const kafka::Status status = consumer_->assign(std::span(&start, 1), *listener_);
    if (!status.ok()) {
        throw KafkaError("cannot read changelog " + to_string(changelog.what.changelog) + ": " +
                         status.message());
    }
    changelog.parked = false;
    changelog.read_in_turn = 0;
    changelog.assigned_at = parts_.clock->monotonic();
    --free_places_;
}

void Restorer::park(Changelog& changelog) {
    const kafka::PartitionQueue* queue = consumer_->queue(changelog.what.changelog);
    const Offset next = changelog.last.value_or(changelog.first - 1) + 1;
    changelog.resume_at = std::max(next, queue == nullptr ? 0 : queue->position().value_or(0));
    unassign(changelog);
    changelog.parked = true;
    changelog.waiting_since = ++parked_;
    ++free_places_;
}

}  // namespace millrace::restore
