// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/broker/group.hpp"

#include "core/check.hpp"
#include "testing/embedded/log/statuses.hpp"

#include <algorithm>
#include <utility>

namespace millrace::testing::embedded {

std::string Group::new_member_id(const MemberSettings& settings) {
    const std::string& stem =
        settings.instance_id.empty() ? settings.client_id : settings.instance_id;
    std::string number = std::to_string(members_ever_);
    // Padded, so that ids sort in the order of joining.
    number.insert(0, number.size() < 6 ? 6 - number.size() : 0, '0');
    return (stem.empty() ? "member" : stem) + "-" + number;
}

Member& Group::add(const MemberSettings& settings, const SubscriptionMatcher& subscription,
                   const std::string& protocol, Waiter& waiter, std::int64_t now) {
    MILLRACE_CHECK(accepts(protocol));
    protocol_ = protocol;
    ++members_ever_;
    const std::string id = new_member_id(settings);
    const auto earlier = static_members_.find(settings.instance_id);
    Member* member = nullptr;
    if (earlier != static_members_.end()) {
        auto taken = members_.extract(earlier->second);
        member = &replace_static(std::move(taken.mapped()), settings, subscription, id);
    } else {
        member = &members_[id];
        member->id = id;
        member->order = members_ever_;
        member->settings = settings;
        member->subscription = subscription;
        rebalance();
    }
    if (!settings.instance_id.empty()) {
        static_members_[settings.instance_id] = id;
    }
    member->waiter = &waiter;
    member->last_poll = now;
    return *member;
}

Member& Group::replace_static(Member earlier, const MemberSettings& settings,
                              const SubscriptionMatcher& subscription, const std::string& id) {
    if (earlier.waiter != nullptr) {
        earlier.waiter->notify();
    }
    if (leader_ == earlier.id) {
        leader_ = id;
    }
    Member& member = members_[id];
    member = std::move(earlier);
    member.id = id;
    member.settings = settings;
    member.subscription = subscription;
    member.owned.clear();
    member.owned_generation = -1;
    member.joined = false;
    member.polling = false;
    member.silent_since.reset();
    member.gone = false;
    if (state_ == State::kStable) {
        member.undelivered = true;
    } else if (state_ == State::kAssigning) {
        rebalance();
    }
    return member;
}

Member* Group::find(const std::string& member_id) {
    const auto found = members_.find(member_id);
    return found == members_.end() ? nullptr : &found->second;
}

bool Group::is_fenced(const std::string& member_id, const std::string& instance_id) const {
    const auto current = static_members_.find(instance_id);
    return current != static_members_.end() && current->second != member_id;
}

void Group::change_subscription(Member& member, const SubscriptionMatcher& subscription) {
    member.subscription = subscription;
    rebalance();
}

void Group::remove(const std::string& member_id) {
    const auto found = members_.find(member_id);
    if (found == members_.end()) {
        return;
    }
    if (found->second.waiter != nullptr) {
        found->second.waiter->notify();
    }
    std::erase_if(static_members_, [&](const auto& entry) { return entry.second == member_id; });
    members_.erase(found);
    if (leader_ == member_id) {
        leader_.clear();
    }
    if (members_.empty()) {
        state_ = State::kEmpty;
        ++generation_;
        assigned_topics_.clear();
    } else if (state_ == State::kPreparing) {
        finish_round_if_all_joined();
    } else {
        rebalance();
    }
}

void Group::rebalance() {
    if (members_.empty() || state_ == State::kPreparing) {
        return;
    }
    state_ = State::kPreparing;
    for (auto& [id, member] : members_) {
        member.joined = false;
    }
    notify();
}

void Group::join(Member& member, std::vector<TopicPartition> owned, std::int32_t owned_generation,
                 Bytes user_data) {
    MILLRACE_CHECK(state_ == State::kPreparing);
    member.joined = true;
    member.owned = std::move(owned);
    member.owned_generation = owned_generation;
    member.user_data = std::move(user_data);
    finish_round_if_all_joined();
}

void Group::finish_round_if_all_joined() {
    for (const auto& [id, member] : members_) {
        if (!member.joined) {
            return;
        }
    }
    ++generation_;
    state_ = State::kAssigning;
    if (!members_.contains(leader_)) {
        leader_ = std::min_element(members_.begin(), members_.end(),
                                   [](const auto& left, const auto& right) {
                                       return left.second.order < right.second.order;
                                   })
                      ->first;
    }
    for (auto& [id, member] : members_) {
        member.generation = generation_;
    }
    notify();
}

kafka::PartitionCounts Group::topics_wanted(const kafka::PartitionCounts& topics) const {
    kafka::PartitionCounts wanted;
    for (const auto& [id, member] : members_) {
        for (const auto& name : member.subscription.resolve(topics)) {
            wanted.emplace(name, topics.at(name));
        }
    }
    return wanted;
}

std::optional<Group::AssignmentTask> Group::assignment_task(const Member& member,
                                                            const kafka::PartitionCounts& topics) {
    if (state_ != State::kAssigning || member.id != leader_) {
        return std::nullopt;
    }
    assigned_topics_ = topics_wanted(topics);
    AssignmentTask task;
    task.generation = generation_;
    task.topics = assigned_topics_;
    for (const auto& [id, other] : members_) {
        task.members.push_back({id, other.settings.instance_id, other.subscription.resolve(topics),
                                other.owned, other.owned_generation, other.settings.rack_id,
                                other.user_data});
    }
    return task;
}

void Group::finish_assignment(std::int32_t generation,
                              std::map<std::string, kafka::MemberAssignment> assignments,
                              const kafka::PartitionCounts& topics) {
    if (state_ != State::kAssigning || generation != generation_) {
        return;
    }
    for (auto& [id, member] : members_) {
        member.current = std::move(assignments[id]);
        member.undelivered = true;
    }
    state_ = State::kStable;
    notify();
    on_topics_changed(topics);
}

kafka::Status Group::check_commit(const kafka::GroupMetadata& member, bool transactional) const {
    const bool anonymous =
        member.generation < 0 && member.member_id.empty() && member.group_instance_id.empty();
    if (anonymous) {
        if (transactional || members_.empty()) {
            return {};
        }
        return failure(kafka::ErrorCode::kUnknownMember,
                       "only members may commit while group " + name_ + " has members");
    }
    if (is_fenced(member.member_id, member.group_instance_id)) {
        return fatal_failure(kafka::ErrorCode::kFenced,
                             "another member took over: " + member.group_instance_id);
    }
    if (!members_.contains(member.member_id)) {
        return failure(kafka::ErrorCode::kUnknownMember,
                       "not a member of group " + name_ + ": " + member.member_id);
    }
    if (member.generation != generation_) {
        return failure(kafka::ErrorCode::kIllegalGeneration,
                       "group " + name_ + " is in generation " + std::to_string(generation_) +
                           ", not " + std::to_string(member.generation));
    }
    if (!transactional && state_ == State::kAssigning) {
        return failure(kafka::ErrorCode::kRebalanceInProgress,
                       "group " + name_ + " is rebalancing");
    }
    return {};
}

void Group::on_topics_changed(const kafka::PartitionCounts& topics) {
    if (state_ == State::kStable && topics_wanted(topics) != assigned_topics_) {
        rebalance();
    }
}

void Group::expire(std::int64_t now) {
    std::vector<std::string> expired;
    for (auto& [id, member] : members_) {
        const bool overdue =
            !member.polling && now - member.last_poll > member.settings.max_poll_interval;
        const bool is_static = !member.settings.instance_id.empty();
        if (overdue && is_static && !member.silent_since) {
            member.silent_since = member.last_poll + member.settings.max_poll_interval;
        }
        const bool silent =
            member.silent_since && now - *member.silent_since > member.settings.session_timeout;
        if (silent || (overdue && !is_static)) {
            expired.push_back(id);
        }
    }
    for (const auto& id : expired) {
        remove(id);
    }
}

std::optional<std::int64_t> Group::next_deadline() const {
    std::optional<std::int64_t> next;
    const auto consider = [&](std::int64_t deadline) {
        next = std::min(next.value_or(deadline), deadline);
    };
    for (const auto& [id, member] : members_) {
        if (member.silent_since) {
            consider(*member.silent_since + member.settings.session_timeout + 1);
        } else if (!member.polling) {
            consider(member.last_poll + member.settings.max_poll_interval + 1);
        }
    }
    return next;
}

void Group::set_silent(const std::string& client_id, std::optional<std::int64_t> since) {
    for (auto& [id, member] : members_) {
        if (member.settings.client_id == client_id && !member.gone) {
            member.silent_since = since;
        }
    }
}

void Group::notify() {
    for (auto& [id, member] : members_) {
        if (member.waiter != nullptr) {
            member.waiter->notify();
        }
    }
}

}  // namespace millrace::testing::embedded
