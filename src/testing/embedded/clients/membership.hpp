// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/group.hpp"
#include "testing/embedded/broker/cluster.hpp"
#include "testing/embedded/broker/subscription_matcher.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// What a consumer has to tell its listener about its place in the group, in this order.
struct MembershipEvent {
    kafka::Status status = {};  ///< For on_error, unless ok.
    std::vector<TopicPartition> lost = {};
    std::vector<TopicPartition> revoked = {};
    std::vector<TopicPartition> added = {};
};

/// A consumer's side of the group protocol.
///
/// The caller takes one event at a time from step(), tells its listener, and calls finish().
/// Without an event, the member has done what there was to do for it in the round. Threads: owned
/// by its consumer's thread; takes the cluster's mutex itself and calls the assignor without it,
/// except where a method requires it.
class Membership {
  public:
    Membership(Cluster& cluster, std::string group, MemberSettings settings,
               std::shared_ptr<kafka::GroupAssignor> assignor, Waiter& waiter);

    /// Throws TopologyError.
    void subscribe(const kafka::Subscription& subscription);

    /// The next steps give up all partitions and leave the group.
    void unsubscribe();

    std::optional<MembershipEvent> step();
    void finish(const MembershipEvent& event);

    /// What is to be told before closing; finish() it and then call leave().
    MembershipEvent last_event();

    /// Leaves the group, unless the member is static: that one only falls silent.
    void leave();

    /// While waiting in poll a member does not exceed max.poll.interval.ms. Requires the mutex.
    void set_polling(bool polling);

    kafka::GroupMetadata metadata();
    bool assignment_lost();
    kafka::Status request_rebalance();

    /// True while subscribed without being in the group: whatever it commits would not be checked.
    bool outside() const noexcept { return subscribed_ && member_id_.empty(); }

  private:
    Group& group() { return cluster_.group(group_name_); }
    std::optional<MembershipEvent> lose(kafka::Status status);
    std::optional<MembershipEvent> check_standing(Member* member);
    std::optional<MembershipEvent> take_assignment(Member& member, Cluster::Lock& lock);
    std::optional<MembershipEvent> report_missing_topics();
    bool advance_round(Member& member, Cluster::Lock& lock);
    void add_member();
    void forget_member();

    Cluster& cluster_;
    const std::string group_name_;
    const MemberSettings settings_;
    const std::shared_ptr<kafka::GroupAssignor> assignor_;
    Waiter& waiter_;

    bool subscribed_ = false;
    bool leaving_ = false;
    bool fenced_ = false;
    SubscriptionMatcher subscription_;
    std::vector<std::string> told_missing_;
    std::string member_id_;  ///< Empty: not a member.
    std::int32_t generation_ = -1;
    std::vector<TopicPartition> owned_;  ///< Sorted.
    std::int64_t last_poll_ = 0;
};

}  // namespace millrace::testing::embedded
