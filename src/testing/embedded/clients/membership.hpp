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

/// Events for the consumer's listener about its group membership, in this order.
struct MembershipEvent {
    kafka::Status status = {};  ///< For on_error, unless ok.
    std::vector<TopicPartition> lost = {};
    std::vector<TopicPartition> revoked = {};
    std::vector<TopicPartition> added = {};
};

/// The consumer side of the group protocol.
///
/// The caller takes one event at a time from step(), calls its listener, and calls finish(). If
/// there is no event, the member has nothing to do in this rebalance. Threads: owned by its
/// consumer's thread. Acquires the cluster's mutex itself and calls the assignor without it, unless
/// a method says otherwise.
class Membership {
  public:
    Membership(Cluster& cluster, std::string group, MemberSettings settings,
               std::shared_ptr<kafka::GroupAssignor> assignor, Waiter& waiter);

    /// Throws TopologyError.
    void subscribe(const kafka::Subscription& subscription);

    /// The next steps revoke all partitions and leave the group.
    void unsubscribe();

    std::optional<MembershipEvent> step();
    void finish(const MembershipEvent& event);

    /// The last event before closing: finish() it and then call close().
    MembershipEvent last_event();

    /// Leaves the group.
    void leave();

    /// Leaves the group. A static member only stops its heartbeats.
    void close();

    /// Ends as a crash does: the group removes the member when its session times out.
    void vanish();

    /// A member that waits in poll does not exceed max.poll.interval.ms. Requires the mutex.
    void set_polling(bool polling);

    kafka::GroupMetadata metadata();
    bool assignment_lost();
    kafka::Status request_rebalance();

    /// True if subscribed without being a member: its commits would not be checked.
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
    void end(bool leave);

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
