// SPDX-License-Identifier: Apache-2.0
#include "assignment/group_view.hpp"

#include "core/log.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::assignment {

namespace {

/// Whether the sub-topology has a store that can be restored from a changelog or a source topic.
bool is_stateful(const topology::ApplicationTopology& application,
                 const topology::SubTopology& part) {
    return std::any_of(part.stores.begin(), part.stores.end(), [&](std::size_t store) {
        const auto& spec = application.spec->stores[store];
        return spec.logging || !spec.source_topic.empty();
    });
}

/// Keeps the larger lag: the threads of a process may have read them at different times.
void add_lags(TaskLags& all, const TaskLags& lags) {
    for (const auto& [task, lag] : lags) {
        const auto [entry, added] = all.try_emplace(task, lag);
        if (!added && lag != kUnknownLag && (entry->second == kUnknownLag || lag < entry->second)) {
            entry->second = lag;
        }
    }
}

}  // namespace

GroupView::GroupView(const topology::ApplicationTopology& application,
                     const std::vector<kafka::GroupMember>& members, const TaskMap& map)
    : application_(application), map_(map) {
    read(members);
    find_claims();
    find_holders();
}

void GroupView::read(const std::vector<kafka::GroupMember>& members) {
    for (const kafka::GroupMember& member : members) {
        Member read{&member, std::nullopt};
        try {
            read.info = decode_subscription(member.user_data);
            shut_down_ = shut_down_ || read.info->shut_down_application;
            process_of_[member.member_id] = read.info->process_id;
        } catch (const SerdeError& error) {
            log::error("cannot read the data of a group member, assigning no tasks to it: member " +
                       member.member_id + ": " + error.what());
        }
        members_.push_back(std::move(read));
    }
}

void GroupView::find_claims() {
    std::map<TopicPartition, std::pair<std::int32_t, std::string>> latest;
    for (const Member& member : members_) {
        for (const TopicPartition& partition : member.group->owned) {
            const auto claim = std::pair(member.group->generation, member.group->member_id);
            auto [entry, added] = latest.try_emplace(partition, claim);
            if (!added && claim.first > entry->second.first) {
                entry->second = claim;
            }
        }
    }
    for (auto& [partition, claim] : latest) {
        claims_.emplace(partition, std::move(claim.second));
    }
}

void GroupView::find_holders() {
    std::map<std::string, std::int32_t> parts;  // By topic.
    for (const auto& [partition, owner] : claims_) {
        const auto [part, added] = parts.try_emplace(partition.topic, -1);
        if (added) {
            part->second = sub_topology_of(application_, partition.topic);
        }
        holders_[{part->second, partition.partition}].insert(owner);
    }
}

/// The member that runs each task, by its owned partitions; if it owns none, by its user data.
std::map<TaskId, std::string> GroupView::owners() const {
    std::map<TaskId, std::string> result;
    for (const auto& [task, partitions] : map_.tasks()) {
        for (const TopicPartition& partition : partitions) {
            if (const auto owner = claims_.find(partition); owner != claims_.end()) {
                result.emplace(task, owner->second);
            }
        }
    }
    for (const Member& member : members_) {
        if (member.info) {
            for (const TaskId& task : member.info->active) {
                result.emplace(task, member.group->member_id);
            }
        }
    }
    return result;
}

Cluster GroupView::cluster() const {
    Cluster cluster;
    std::map<std::int32_t, bool> stateful;  // By sub-topology.
    for (const topology::SubTopology& part : application_.sub_topologies) {
        stateful[part.id] = is_stateful(application_, part);
    }
    for (const auto& [task, partitions] : map_.tasks()) {
        cluster.tasks.emplace(task, stateful.at(task.sub_topology));
    }
    std::map<std::string, std::set<TaskId>> active;  // By member.
    for (const auto& [task, owner] : owners()) {
        active[owner].insert(task);
    }
    std::map<std::string, MemberProcess> processes;
    for (const Member& member : members_) {
        if (!member.info) {
            continue;
        }
        MemberProcess& process = processes[member.info->process_id];
        process.name = member.info->process_id;
        process.tags = member.info->client_tags;
        const bool first = process.threads.empty();
        process.rack = first || process.rack == member.group->rack_id ? member.group->rack_id : "";
        process.replicates = process.replicates && member.info->reads > 1;
        add_lags(process.lags, member.info->on_disk);
        for (const auto& [task, size] : member.info->sizes) {  // The latest is the largest.
            cluster.sizes[task] = std::max(cluster.sizes[task], size);
        }
        process.threads.push_back(
            {.member = member.group->member_id,
             .active = active[member.group->member_id],
             .standby = {member.info->standby.begin(), member.info->standby.end()}});
    }
    for (auto& [name, process] : processes) {
        std::sort(process.threads.begin(), process.threads.end(),
                  [](const MemberThread& one, const MemberThread& other) {
                      return one.member < other.member;
                  });
        cluster.processes.push_back(std::move(process));
    }
    return cluster;
}

StopReason GroupView::stop(const Member& member) const {
    if (!member.info) {
        return StopReason::kUnknownVersion;
    }
    return shut_down_ ? StopReason::kShutDownApplication : StopReason::kNone;
}

bool GroupView::awaits(const TaskId& task, const Member& member) const {
    const auto holders = holders_.find(task);
    return holders != holders_.end() &&
           std::any_of(holders->second.begin(), holders->second.end(),
                       [&](const std::string& holder) {
                           const auto process = process_of_.find(holder);
                           return process == process_of_.end() ||
                                  process->second != member.info->process_id;
                       });
}

std::set<std::string> GroupView::former_owners(const std::vector<TaskId>& tasks,
                                               const Member& member) const {
    std::set<std::string> result;
    for (const TaskId& task : tasks) {
        if (const auto holders = holders_.find(task); holders != holders_.end()) {
            result.insert(holders->second.begin(), holders->second.end());
        }
    }
    result.erase(member.group->member_id);
    return result;
}

/// While another member still runs a moved task, its new owner gets no partition of it: otherwise
/// the task would run twice. The group protocol withholds partitions that the other member owns.
/// This function withholds partitions that no member owns, such as those of a new topic. When the
/// former owner has revoked its partitions, it rejoins. That rebalance assigns all partitions to
/// the new owner.
bool GroupView::may_give(const TaskId& task, const TopicPartition& partition,
                         const std::string& member) const {
    const auto holders = holders_.find(task);
    if (claims_.contains(partition) || holders == holders_.end()) {
        return true;
    }
    return holders->second == std::set<std::string>{member};
}

std::vector<TopicPartition> GroupView::partitions(const std::vector<TaskId>& tasks,
                                                  const Member& member) const {
    std::vector<TopicPartition> result;
    for (const TaskId& task : tasks) {
        const auto& partitions = map_.tasks().at(task);
        std::copy_if(partitions.begin(), partitions.end(), std::back_inserter(result),
                     [&](const TopicPartition& partition) {
                         return may_give(task, partition, member.group->member_id);
                     });
    }
    return result;
}

}  // namespace millrace::assignment
