// SPDX-License-Identifier: Apache-2.0
#include "restore/lag_meter.hpp"

#include "core/log.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>

namespace millrace::restore {

void LagMeter::measure(const std::function<bool()>& may_go_on) {
    read_stores(parts_.board->to_measure(), may_go_on);
    std::vector<TaskId> tasks;
    for (const auto& [task, known] : known_) {
        if (!known.changelogs.empty()) {
            tasks.push_back(task);
        }
    }
    kafka::Status status = look_up_ends(tasks);
    if (status.code() == kafka::ErrorCode::kUnknownTopic) {
        // A store was removed from the topology, and its changelog was deleted. One request for
        // each task keeps the others measurable.
        for (const TaskId& task : tasks) {
            status = look_up_ends({task});
        }
    }
    if (!status.ok()) {
        log::warn(
            "cannot look up the end offsets of changelogs to measure the lags of tasks on disk: " +
            status.message());
    }
}

/// Sends one request.
kafka::Status LagMeter::look_up_ends(const std::vector<TaskId>& tasks) {
    std::vector<TopicPartition> partitions;
    for (const TaskId& task : tasks) {
        for (const StoredChangelog& each : known_.at(task).changelogs) {
            partitions.push_back(each.changelog);
        }
    }
    if (partitions.empty()) {
        return {};
    }
    const auto ends =
        parts_.admin->list_offsets(partitions, kafka::OffsetSpec::kLatest,
                                   kafka::Isolation::kReadUncommitted, parts_.request_timeout);
    if (!ends.ok()) {
        return ends.status();
    }
    auto end = ends.value().begin();
    for (const TaskId& task : tasks) {
        TaskLag lag = 0;
        std::int64_t size = 0;
        for (const StoredChangelog& each : known_.at(task).changelogs) {
            lag += std::max<TaskLag>(*end - each.next, 0);
            size += *end++;
        }
        parts_.board->measured(task, lag, size);
    }
    return {};
}

void LagMeter::read_stores(const std::map<TaskId, std::uint64_t>& tasks,
                           const std::function<bool()>& may_go_on) {
    std::erase_if(known_, [&](const auto& known) {
        const auto task = tasks.find(known.first);
        return task == tasks.end() || task->second != known.second.use;
    });
    for (const auto& [task, use] : tasks) {
        if (known_.contains(task)) {
            continue;
        }
        if (!may_go_on()) {
            return;
        }
        try {
            if (auto changelogs = parts_.stored(task)) {
                known_[task] = {use, std::move(*changelogs)};
            }
        } catch (const Error& error) {
            log::warn("cannot read the stored offsets of task " + to_string(task) +
                      " to measure its lag: " + error.what());
            known_[task] = {use, {}};  // Retried after the task has been opened.
        }
    }
}

}  // namespace millrace::restore
