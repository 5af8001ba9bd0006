// SPDX-License-Identifier: Apache-2.0
#include "assignment/partition_assignor.hpp"

#include "assignment/task_balancer.hpp"
#include "core/log.hpp"
#include "core/topic_matcher.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace millrace::assignment {

namespace {

using topology::ApplicationTopology;
using topology::SubTopology;

bool matches_any(const std::string& topic, const std::vector<std::string>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return TopicMatcher(pattern).matches(topic);
    });
}

struct Member {
    const kafka::GroupMember* group = nullptr;
    std::optional<SubscriptionInfo> info;  ///< Empty if the data could not be read.
};

std::vector<Member> read_members(const std::vector<kafka::GroupMember>& members) {
    std::vector<Member> result;
    for (const kafka::GroupMember& member : members) {
        Member read{&member, std::nullopt};
        try {
            read.info = decode_subscription(member.user_data);
        } catch (const SerdeError& error) {
            log::error("cannot read the data of a group member, assigning no tasks to it: member " +
                       member.member_id + ": " + error.what());
        }
        result.push_back(std::move(read));
    }
    return result;
}

/// The owner of each partition; the latest generation wins.
std::map<TopicPartition, std::string> claims(const std::vector<Member>& members) {
    std::map<TopicPartition, std::pair<std::int32_t, std::string>> latest;
    for (const Member& member : members) {
        for (const TopicPartition& partition : member.group->owned) {
            const auto claim = std::pair(member.group->generation, member.group->member_id);
            auto [entry, added] = latest.try_emplace(partition, claim);
            if (!added && claim.first > entry->second.first) {
                entry->second = claim;
            }
        }
    }
    std::map<TopicPartition, std::string> result;
    for (auto& [partition, claim] : latest) {
        result.emplace(partition, std::move(claim.second));
    }
    return result;
}

/// The member that runs each task: by owned partitions, otherwise by the member's own data.
std::map<TaskId, std::string> owners(const std::vector<Member>& members, const TaskMap& map) {
    const auto by_partition = claims(members);
    std::map<TaskId, std::string> result;
    for (const auto& [task, partitions] : map.tasks()) {
        for (const TopicPartition& partition : partitions) {
            if (const auto owner = by_partition.find(partition); owner != by_partition.end()) {
                result.emplace(task, owner->second);
            }
        }
    }
    for (const Member& member : members) {
        if (member.info) {
            for (const TaskId& task : member.info->active) {
                result.emplace(task, member.group->member_id);
            }
        }
    }
    return result;
}

/// Decides which partitions the new owner of a moved task may get while another member still runs
/// the task: none, or the task would run twice. The group itself withholds partitions that the
/// other member owns. This class withholds partitions that no member owns, that is, partitions of a
/// topic that has just been created. When the former owner revokes its partitions, it rejoins, and
/// the resulting rebalance assigns everything to the new owner.
class MovingTasks {
  public:
    MovingTasks(const ApplicationTopology& application, const std::vector<Member>& members)
        : claims_(claims(members)) {
        std::map<std::string, std::int32_t> parts;  // By topic.
        for (const auto& [partition, owner] : claims_) {
            const auto [part, added] = parts.try_emplace(partition.topic, -1);
            if (added) {
                part->second = sub_topology_of(application, partition.topic);
            }
            // Also for a deleted topic: its reader runs until it gets the result of this rebalance.
            holders_[{part->second, partition.partition}].insert(owner);
        }
    }

    bool may_give(const TaskId& task, const TopicPartition& partition,
                  const std::string& member) const {
        const auto holders = holders_.find(task);
        if (claims_.contains(partition) || holders == holders_.end()) {
            return true;
        }
        return holders->second == std::set<std::string>{member};
    }

  private:
    std::map<TopicPartition, std::string> claims_;
    std::map<TaskId, std::set<std::string>> holders_;
};

BalanceInput balance_input(const std::vector<Member>& members, const TaskMap& map) {
    BalanceInput input;
    for (const auto& [task, partitions] : map.tasks()) {
        input.tasks.insert(task);
    }
    for (const Member& member : members) {
        if (member.info) {
            input.threads[member.group->member_id].process = member.info->process_id;
            for (const auto& [task, lag] : member.info->on_disk) {
                input.on_disk[member.info->process_id].insert(task);
            }
        }
    }
    for (const auto& [task, owner] : owners(members, map)) {
        if (const auto thread = input.threads.find(owner); thread != input.threads.end()) {
            thread->second.running.insert(task);
        }
    }
    return input;
}

}  // namespace

bool reads(const SubTopology& part, const std::string& topic) {
    return std::find(part.source_topics.begin(), part.source_topics.end(), topic) !=
               part.source_topics.end() ||
           matches_any(topic, part.source_patterns);
}

TaskMap::TaskMap(const ApplicationTopology& application, const kafka::PartitionCounts& topics) {
    std::set<std::string> given;
    for (const SubTopology& part : application.sub_topologies) {
        for (const auto& [topic, count] : topics) {
            // A topic of two sources goes to one task only, whose thread refuses it.
            if (!reads(part, topic) || !given.insert(topic).second) {
                continue;
            }
            for (Partition partition = 0; partition < count; ++partition) {
                tasks_[{part.id, partition}].push_back({topic, partition});
            }
        }
    }
}

std::int32_t sub_topology_of(const ApplicationTopology& application, const std::string& topic) {
    for (const SubTopology& part : application.sub_topologies) {
        if (reads(part, topic)) {
            return part.id;
        }
    }
    return -1;
}

PartitionAssignor::PartitionAssignor(const ApplicationTopology& application, std::string process_id,
                                     std::string thread_name, AssignorOptions options, Lags lags)
    : application_(application), options_(std::move(options)), lags_(std::move(lags)) {
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
    return {rounds_, rejoin_after_};
}

Bytes PartitionAssignor::subscription_user_data() {
    TaskLags on_disk = lags_ ? lags_() : TaskLags{};
    const MutexLock lock(mutex_);
    info_.on_disk = std::move(on_disk);
    return encode(info_, written_version_);
}

std::map<std::string, kafka::MemberAssignment> PartitionAssignor::assign(
    const std::vector<kafka::GroupMember>& members, const kafka::PartitionCounts& topics) {
    const std::vector<Member> read = read_members(members);
    const bool shut_down = std::any_of(read.begin(), read.end(), [](const Member& member) {
        return member.info && member.info->shut_down_application;
    });
    const TaskMap map(application_, topics);
    const BalanceInput input = balance_input(read, map);
    const auto by_member =
        input.threads.empty() ? std::map<std::string, std::vector<TaskId>>{} : balance(input);

    const MovingTasks moving(application_, read);
    std::map<std::string, kafka::MemberAssignment> result;
    for (const Member& member : read) {
        kafka::MemberAssignment& assignment = result[member.group->member_id];
        AssignmentInfo info;
        if (!member.info) {
            info.stop = StopReason::kUnknownVersion;
        } else {
            info.stop = shut_down ? StopReason::kShutDownApplication : StopReason::kNone;
            info.active = by_member.at(member.group->member_id);
            info.version = std::min(member.info->reads, kFormatVersion);
        }
        for (const TaskId& task : info.active) {
            const auto& partitions = map.tasks().at(task);
            std::copy_if(partitions.begin(), partitions.end(),
                         std::back_inserter(assignment.partitions),
                         [&](const TopicPartition& partition) {
                             return moving.may_give(task, partition, member.group->member_id);
                         });
        }
        assignment.user_data = encode(info);
    }
    log::info("assigned " + std::to_string(input.tasks.size()) + " tasks to " +
              std::to_string(members.size()) + " threads: application " +
              application_.application_id);
    return result;
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
    rejoin_after_.reset();
    stop_ = info ? accept(*info) : std::move(stop);
    assigned_ = partitions;
    std::sort(assigned_->begin(), assigned_->end());
}

/// A leader that does not read the version of this member says which one it writes; the member
/// joins again with that version. As soon as a leader writes this build's, it goes back to it.
PartitionAssignor::Stop PartitionAssignor::accept(const AssignmentInfo& info) {
    standby_ = info.standby;
    std::sort(standby_.begin(), standby_.end());
    rejoin_after_ = info.next_probing;
    const std::uint16_t common = std::min(info.version, kFormatVersion);
    const bool other_version = info.stop == StopReason::kUnknownVersion ? common < written_version_
                                                                        : common > written_version_;
    if (other_version) {
        written_version_ = common;
        rejoin_after_ = std::chrono::milliseconds{0};
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
