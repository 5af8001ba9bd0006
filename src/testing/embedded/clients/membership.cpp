// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/membership.hpp"

#include "testing/embedded/clients/withholding.hpp"
#include "testing/embedded/log/statuses.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::testing::embedded {
namespace {

/// The elements of sorted `left` that are not in sorted `right`.
std::vector<TopicPartition> without(const std::vector<TopicPartition>& left,
                                    const std::vector<TopicPartition>& right) {
    std::vector<TopicPartition> rest;
    std::set_difference(left.begin(), left.end(), right.begin(), right.end(),
                        std::back_inserter(rest));
    return rest;
}

}  // namespace

Membership::Membership(Cluster& cluster, std::string group, MemberSettings settings,
                       std::shared_ptr<kafka::GroupAssignor> assignor, Waiter& waiter)
    : cluster_(cluster),
      group_name_(std::move(group)),
      settings_(std::move(settings)),
      assignor_(std::move(assignor)),
      waiter_(waiter) {}

void Membership::subscribe(const kafka::Subscription& subscription) {
    subscription_ = SubscriptionMatcher(subscription);
    subscribed_ = true;
    told_missing_.clear();
    const auto lock = cluster_.lock();
    if (member_id_.empty() || leaving_) {
        return;
    }
    if (Member* member = group().find(member_id_)) {
        group().change_subscription(*member, subscription_);
    }
}

void Membership::unsubscribe() {
    subscribed_ = false;
    leaving_ = true;
}

std::optional<MembershipEvent> Membership::step() {
    auto lock = cluster_.lock();
    const std::int64_t ticks = cluster_.clock().ticks();
    if (!cluster_.reachable(settings_.client_id)) {
        if (Member* member = group().find(member_id_)) {
            member->last_poll = ticks;
        }
        last_poll_ = ticks;
        return std::nullopt;
    }
    while (!fenced_) {
        Member* member = group().find(member_id_);
        if (!member_id_.empty()) {
            if (auto event = check_standing(member)) {
                return event;
            }
        }
        last_poll_ = ticks;
        if (leaving_) {
            if (!owned_.empty()) {
                return MembershipEvent{.revoked = owned_};
            }
            lock.unlock();
            leave();
            lock.lock();
            leaving_ = false;
            continue;
        }
        if (!subscribed_) {
            return std::nullopt;
        }
        if (auto event = report_missing_topics()) {
            return event;
        }
        if (member_id_.empty()) {
            if (!group().accepts(assignor_->name())) {
                return lose(fatal_failure(kafka::ErrorCode::kOther,
                                          "members of group " + group_name_ +
                                              " use another protocol than " + assignor_->name()));
            }
            add_member();
            continue;
        }
        member->last_poll = ticks;
        generation_ = member->generation;
        if (member->undelivered) {
            auto event = take_assignment(*member, lock);
            if (event) {
                return event;
            }
            continue;
        }
        if (!advance_round(*member, lock)) {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

/// Errors that the coordinator caused, if any.
std::optional<MembershipEvent> Membership::check_standing(Member* member) {
    if (group().is_fenced(member_id_, settings_.instance_id)) {
        fenced_ = true;
        return lose(fatal_failure(kafka::ErrorCode::kFenced,
                                  "another member took over: " + settings_.instance_id));
    }
    const std::int64_t silence = cluster_.clock().ticks() - last_poll_;
    if (silence > settings_.max_poll_interval) {
        if (settings_.instance_id.empty()) {
            group().remove(member_id_);
        }
        return lose(failure(kafka::ErrorCode::kMaxPollExceeded,
                            "max.poll.interval.ms exceeded by " +
                                std::to_string(silence - settings_.max_poll_interval) + " ms"));
    }
    if (member == nullptr) {
        return lose({});
    }
    return std::nullopt;
}

std::optional<MembershipEvent> Membership::lose(kafka::Status status) {
    last_poll_ = cluster_.clock().ticks();
    MembershipEvent event{.status = std::move(status), .lost = std::exchange(owned_, {})};
    forget_member();
    if (event.status.fatal()) {
        fenced_ = true;
    }
    return event;
}

void Membership::forget_member() {
    member_id_.clear();
    generation_ = -1;
}

std::optional<MembershipEvent> Membership::report_missing_topics() {
    auto missing = subscription_.missing(cluster_.topics().counts());
    if (missing == told_missing_) {
        return std::nullopt;
    }
    told_missing_ = std::move(missing);
    if (told_missing_.empty()) {
        return std::nullopt;
    }
    std::string names;
    for (const auto& name : told_missing_) {
        names += (names.empty() ? "" : ", ") + name;
    }
    return MembershipEvent{.status = failure(kafka::ErrorCode::kUnknownTopic,
                                             "subscribed topic does not exist: " + names)};
}

void Membership::add_member() {
    const Member& member =
        group().add(settings_, subscription_, assignor_->name(), waiter_, cluster_.clock().ticks());
    member_id_ = member.id;
    generation_ = member.generation;
}

std::optional<MembershipEvent> Membership::take_assignment(Member& member, Cluster::Lock& lock) {
    member.undelivered = false;
    const kafka::MemberAssignment assignment = member.current;
    lock.unlock();
    assignor_->on_assignment(assignment.partitions, assignment.user_data);
    auto target = assignment.partitions;
    std::sort(target.begin(), target.end());
    MembershipEvent event{.revoked = without(owned_, target), .added = without(target, owned_)};
    lock.lock();
    if (event.revoked.empty() && event.added.empty()) {
        return std::nullopt;
    }
    return event;
}

/// Joins or leads the rebalance if it is this member's turn; false if there is nothing to do.
bool Membership::advance_round(Member& member, Cluster::Lock& lock) {
    if (group().state() == Group::State::kPreparing && !member.joined) {
        lock.unlock();
        Bytes user_data = assignor_->subscription_user_data();
        lock.lock();
        Member* still = group().find(member_id_);
        if (still != nullptr && group().state() == Group::State::kPreparing && !still->joined) {
            group().join(*still, owned_, owned_.empty() ? -1 : generation_, std::move(user_data));
        }
        return true;
    }
    auto task = group().assignment_task(member, cluster_.topics().counts());
    if (!task) {
        return false;
    }
    lock.unlock();
    auto assignments = assignor_->assign(task->members, task->topics);
    withhold_owned(task->members, assignments);
    lock.lock();
    if (cluster_.defects().have(Defect::kTwoOwners) && !task->topics.empty()) {
        for (auto& [id, assignment] : assignments) {
            assignment.partitions.push_back({task->topics.begin()->first, 0});
        }
    }
    group().finish_assignment(task->generation, std::move(assignments), cluster_.topics().counts());
    return true;
}

void Membership::finish(const MembershipEvent& event) {
    owned_ = without(owned_, event.revoked);
    owned_.insert(owned_.end(), event.added.begin(), event.added.end());
    std::sort(owned_.begin(), owned_.end());
    if (!event.revoked.empty() && !leaving_) {
        // Revoked partitions are now available to their new owners.
        const auto lock = cluster_.lock();
        if (group().find(member_id_) != nullptr) {
            group().rebalance();
        }
    }
}

MembershipEvent Membership::last_event() {
    const bool lost = assignment_lost();
    leaving_ = true;
    subscribed_ = false;
    return lost ? MembershipEvent{.lost = owned_} : MembershipEvent{.revoked = owned_};
}

void Membership::leave() {
    end(true);
}

void Membership::close() {
    end(settings_.instance_id.empty());
}

void Membership::vanish() {
    end(false);
}

void Membership::end(bool leave) {
    const auto lock = cluster_.lock();
    Group* group = member_id_.empty() ? nullptr : cluster_.find_group(group_name_);
    if (Member* member = group == nullptr ? nullptr : group->find(member_id_)) {
        member->waiter = nullptr;
        if (leave && cluster_.reachable(settings_.client_id)) {
            group->remove(member_id_);
        } else {
            member->silent_since = member->silent_since.value_or(cluster_.clock().ticks());
            member->gone = true;
        }
    }
    forget_member();
    owned_.clear();
}

void Membership::set_polling(bool polling) {
    if (Member* member = member_id_.empty() ? nullptr : group().find(member_id_)) {
        member->polling = polling;
        member->last_poll = cluster_.clock().ticks();
    }
    last_poll_ = cluster_.clock().ticks();
}

kafka::GroupMetadata Membership::metadata() {
    const auto lock = cluster_.lock();
    if (cluster_.reachable(settings_.client_id) && !member_id_.empty()) {
        if (const Member* member = group().find(member_id_)) {
            generation_ = member->generation;
        }
    }
    return {group_name_, member_id_, generation_, settings_.instance_id, nullptr};
}

bool Membership::assignment_lost() {
    const auto lock = cluster_.lock();
    return !owned_.empty() && cluster_.reachable(settings_.client_id) &&
           group().find(member_id_) == nullptr;
}

kafka::Status Membership::request_rebalance() {
    const auto lock = cluster_.lock();
    if (member_id_.empty() || group().find(member_id_) == nullptr) {
        return failure(kafka::ErrorCode::kUnknownMember, "not a member of group " + group_name_);
    }
    group().rebalance();
    return {};
}

}  // namespace millrace::testing::embedded
