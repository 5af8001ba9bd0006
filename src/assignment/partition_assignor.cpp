// SPDX-License-Identifier: Apache-2.0
#include "assignment/partition_assignor.hpp"

#include "assignment/group_view.hpp"
#include "assignment/task_assignment.hpp"
#include "core/log.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace millrace::assignment {

using topology::ApplicationTopology;

namespace {

/// A member that releases a task rejoins by itself, and the group waits until all others have
/// rejoined, too. If they do that at once instead of with their next heartbeats, the task has its
/// new owner as soon as the former one has released it.
std::set<std::string> members_that_release(const GroupView& group, const TaskAssignment& tasks) {
    std::set<std::string> result;
    for (const GroupView::Member& member : group.members()) {
        if (member.info) {
            const MemberTasks& given = tasks.members.at(member.group->member_id);
            result.merge(group.former_owners(given.active, member));
        }
    }
    return result;
}

}  // namespace

PartitionAssignor::PartitionAssignor(const ApplicationTopology& application, std::string process_id,
                                     std::string thread_name, AssignorOptions options, State state,
                                     const PartitionRacks* racks)
    : application_(application),
      options_(std::move(options)),
      state_(std::move(state)),
      racks_(racks) {
    info_.process_id = std::move(process_id);
    info_.thread_name = std::move(thread_name);
    info_.client_tags = options_.client_tags;
    info_.endpoint = options_.endpoint;
}

void PartitionAssignor::set_tasks(std::vector<TaskId> active, std::vector<TaskId> standby) {
    const MutexLock lock(mutex_);
    info_.active = std::move(active);
    info_.standby = std::move(standby);
}

void PartitionAssignor::set_transactional_ids(std::vector<std::string> ids) {
    const MutexLock lock(mutex_);
    info_.transactional_ids = std::move(ids);
}

std::vector<std::string> PartitionAssignor::departed() const {
    const MutexLock lock(mutex_);
    return departed_;
}

void PartitionAssignor::request_application_shutdown() {
    const MutexLock lock(mutex_);
    info_.shut_down_application = true;
}

PartitionAssignor::Stop PartitionAssignor::stop() const {
    const MutexLock lock(mutex_);
    return stop_;
}

std::optional<std::vector<TopicPartition>> PartitionAssignor::assigned() const {
    const MutexLock lock(mutex_);
    return assigned_;
}

std::vector<TaskId> PartitionAssignor::standby() const {
    const MutexLock lock(mutex_);
    return standby_;
}

std::uint64_t PartitionAssignor::rounds() const {
    const MutexLock lock(mutex_);
    return rounds_;
}

PartitionAssignor::Rejoin PartitionAssignor::rejoin() const {
    const MutexLock lock(mutex_);
    return rejoin_;
}

Bytes PartitionAssignor::subscription_user_data() {
    joining_.store(true, std::memory_order_release);
    StateReport state = state_ ? state_() : StateReport{};
    const MutexLock lock(mutex_);
    info_.on_disk = std::move(state.lags);
    info_.sizes = std::move(state.sizes);
    return encode(info_, written_version_);
}

std::map<std::string, kafka::MemberAssignment> PartitionAssignor::assign(
    const std::vector<kafka::GroupMember>& members, const kafka::PartitionCounts& topics) {
    const TaskMap map(application_, topics);
    const GroupView group(application_, members, map);
    Cluster cluster = group.cluster();
    const bool racks_pending = !find_traffic(cluster, map);
    const TaskAssignment tasks = assign_tasks(cluster, options_);

    const std::set<std::string> releasing = members_that_release(group, tasks);
    const auto [departed, own] = find_departed(group);
    std::map<std::string, kafka::MemberAssignment> result;
    bool may_probe = !tasks.complete || racks_pending;
    for (const GroupView::Member& member : group.members()) {
        const std::string& id = member.group->member_id;
        AssignmentInfo info{.stop = group.stop(member)};
        if (member.info) {
            info.version = std::min(member.info->reads, kFormatVersion);
            const MemberTasks& given = tasks.members.at(id);
            info.active = given.active;
            info.standby = given.standby;
            info.awaited = given.awaited;
            info.acceptable_lag =
                given.awaited.empty() ? TaskLag{0} : options_.acceptable_recovery_lag;
            for (const TaskId& task : given.active) {
                if (cluster.tasks.at(task) && group.awaits(task, member)) {
                    info.standby.push_back(task);
                }
            }
            std::sort(info.standby.begin(), info.standby.end());
            info.departed = departed;
            info.leader = own;
            if (may_probe && info.version > 1) {  // One member is enough.
                info.next_probing = options_.probing_interval;
                may_probe = false;
            }
            if (!releasing.empty() && !releasing.contains(id) && info.version > 1) {
                info.next_probing = std::chrono::milliseconds{0};
            }
        }
        result[id] = {group.partitions(info.active, member), encode(info)};
    }
    log::info("assigned " + std::to_string(map.tasks().size()) + " tasks to " +
              std::to_string(members.size()) + " threads" +
              (tasks.complete ? "" : ", some until another instance has their state") +
              ": application " + application_.application_id);
    return result;
}

/// Of members that were in an earlier rebalance and are not in this one, and of the leader. None
/// are reported while a member does not send its ids (another guarantee or version, unreadable
/// data): one of those that seem to have left might be its own.
PartitionAssignor::TransactionalIds PartitionAssignor::find_departed(const GroupView& group) {
    std::set<std::string> present;
    bool all_known = true;
    for (const GroupView::Member& member : group.members()) {
        all_known = all_known && member.info && !member.info->transactional_ids.empty();
        if (member.info) {
            present.insert(member.info->transactional_ids.begin(),
                           member.info->transactional_ids.end());
        }
    }
    const MutexLock lock(mutex_);
    led_ = true;
    std::vector<std::string> departed = members_.left(std::move(present));
    if (!all_known) {
        departed.clear();
    }
    return {std::move(departed), info_.transactional_ids};
}

/// Returns false if the racks are still being looked up: a later rebalance may place tasks better.
bool PartitionAssignor::find_traffic(Cluster& cluster, const TaskMap& map) const {
    if (options_.rack_strategy == RackStrategy::kNone || racks_ == nullptr) {
        return true;
    }
    std::vector<std::string> processes;
    processes.reserve(cluster.processes.size());
    for (const MemberProcess& process : cluster.processes) {
        processes.push_back(process.rack);
    }
    cluster.traffic = RackTraffic(processes, map.tasks(), *racks_->known());
    const std::string without = "assigning tasks without rack.aware.assignment.strategy: ";
    switch (cluster.traffic.state()) {
        case RackTraffic::State::kKnown:
            break;
        case RackTraffic::State::kNoClientRack:
            log::warn(without + "client.rack is not set, or not the same, on all threads");
            break;
        case RackTraffic::State::kNoBrokerRack:
            log::warn(without + "broker.rack is not set on the brokers of all partitions");
            break;
        case RackTraffic::State::kNotLookedUp:
            log::info(without + "the racks of some partitions are not looked up yet");
            return false;
    }
    return true;
}

void PartitionAssignor::on_assignment(const std::vector<TopicPartition>& partitions,
                                      BytesView user_data) {
    std::optional<AssignmentInfo> info;
    Stop stop;
    if (!user_data.empty()) {
        try {
            info = decode_assignment(user_data);
        } catch (const SerdeError& error) {
            stop = {StopReason::kUnknownVersion,
                    std::string("cannot read the group's assignment: ") + error.what()};
        }
    }
    const MutexLock lock(mutex_);
    ++rounds_;
    standby_.clear();
    departed_.clear();
    rejoin_ = {.round = rounds_};
    if (!std::exchange(led_, false)) {
        members_.follow(info ? info->leader : std::vector<std::string>{});
    }
    stop_ = info ? accept(*info) : std::move(stop);
    assigned_ = partitions;
    std::sort(assigned_->begin(), assigned_->end());
    joining_.store(false, std::memory_order_release);
}

/// If the leader cannot read the member's version, its answer has the version of the leader, and
/// the member rejoins with that one. It returns to its own version when a leader writes that again.
PartitionAssignor::Stop PartitionAssignor::accept(const AssignmentInfo& info) {
    standby_ = info.standby;
    std::sort(standby_.begin(), standby_.end());
    departed_ = info.departed;
    rejoin_.after = info.next_probing;
    rejoin_.awaited = info.awaited;
    rejoin_.acceptable_lag = info.acceptable_lag;
    const std::uint16_t common = std::min(info.version, kFormatVersion);
    const bool other_version = info.stop == StopReason::kUnknownVersion ? common < written_version_
                                                                        : common > written_version_;
    if (other_version) {
        written_version_ = common;
        rejoin_.after = std::chrono::milliseconds{0};
        return {};
    }
    switch (info.stop) {
        case StopReason::kUnknownVersion:
            return {info.stop,
                    "the leader of the group does not understand this instance: it runs an older "
                    "version; update all instances before using the newer format"};
        case StopReason::kShutDownApplication:
            return {info.stop, "an instance requested a shutdown of the whole application"};
        case StopReason::kNone:
            break;
    }
    return {};
}

}  // namespace millrace::assignment
