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
        // The changelog of a store that the topology has no more: the others are measured without.
        for (const TaskId& task : tasks) {
            status = look_up_ends({task});
        }
    }
    if (!status.ok()) {
        log::warn("cannot look up the ends of changelogs to measure how far tasks on disk are: " +
                  status.message());
    }
}

/// One request.
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
        for (const StoredChangelog& each : known_.at(task).changelogs) {
            lag += std::max<TaskLag>(*end++ - each.next, 0);
        }
        parts_.board->measured(task, lag);
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
            log::warn("cannot read how far task " + to_string(task) +
                      " on disk is: " + error.what());
            known_[task] = {use, {}};  // It is not tried again before the task is used.
        }
    }
}

}  // namespace millrace::restore
