// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/group.hpp"
#include "kafka/status.hpp"
#include "testing/embedded/broker/group_offsets.hpp"
#include "testing/embedded/broker/subscription_matcher.hpp"
#include "testing/embedded/log/waiter.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// The group settings of a consumer. Times in milliseconds.
struct MemberSettings {
    std::string client_id;
    std::string instance_id;  ///< Empty: a dynamic member.
    std::string rack_id;
    std::int64_t session_timeout = 45'000;
    std::int64_t max_poll_interval = 300'000;
};

/// The coordinator's view of a member.
struct Member {
    std::string id;
    std::uint64_t order = 0;  ///< When it first joined.
    MemberSettings settings;
    SubscriptionMatcher subscription;
    Waiter* waiter = nullptr;

    bool joined = false;           ///< In the rebalance that is being prepared.
    std::int32_t generation = -1;  ///< Of the last generation that it joined.
    std::vector<TopicPartition> owned;
    std::int32_t owned_generation = -1;
    Bytes user_data;

    kafka::MemberAssignment current;
    bool undelivered = false;  ///< The member has not fetched `current` yet.

    std::int64_t last_poll = 0;
    bool polling = false;                      ///< The member is waiting in poll.
    std::optional<std::int64_t> silent_since;  ///< When heartbeats stopped.
    bool gone = false;  ///< Its consumer has ended, so heartbeats never start again.
};

/// A consumer group: its members, generations and offsets.
///
///     kEmpty ──member──► kPreparing ──all joined──► kAssigning ──leader assigned──► kStable
///                          ▲   ▲                        │                             │
///                          │   └── members or topics changed ◄──────────────────────┘
///                          └────────────────────────────┘        (the last member leaves: kEmpty)
///
/// Except for the expiry of a member, every transition happens in a poll of a member, so rebalances
/// progress in one thread, in any order of polls. Threads: guarded by the cluster's mutex.
class Group {
  public:
    enum class State { kEmpty, kPreparing, kAssigning, kStable };

    struct AssignmentTask {
        std::int32_t generation = 0;
        std::vector<kafka::GroupMember> members;
        kafka::PartitionCounts topics;
    };

    explicit Group(std::string name) : name_(std::move(name)) {}
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    const std::string& name() const noexcept { return name_; }
    State state() const noexcept { return state_; }
    std::int32_t generation() const noexcept { return generation_; }
    const std::map<std::string, Member>& members() const noexcept { return members_; }
    GroupOffsets& offsets() noexcept { return offsets_; }
    const GroupOffsets& offsets() const noexcept { return offsets_; }

    /// A new member with a new id. A static member replaces its former instance, which is fenced.
    /// In a stable group it inherits the assignment without a rebalance.
    Member& add(const MemberSettings& settings, const SubscriptionMatcher& subscription,
                const std::string& protocol, Waiter& waiter, std::int64_t now);

    /// False if the group's members use another protocol.
    bool accepts(const std::string& protocol) const {
        return members_.empty() || protocol == protocol_;
    }

    Member* find(const std::string& member_id);
    bool is_fenced(const std::string& member_id, const std::string& instance_id) const;

    void change_subscription(Member& member, const SubscriptionMatcher& subscription);
    void remove(const std::string& member_id);

    /// Starts a rebalance, unless one is being prepared.
    void rebalance();

    /// Requires kPreparing.
    void join(Member& member, std::vector<TopicPartition> owned, std::int32_t owned_generation,
              Bytes user_data);

    /// The members to assign partitions to, if this member is the leader and must assign now;
    /// otherwise nothing.
    std::optional<AssignmentTask> assignment_task(const Member& member,
                                                  const kafka::PartitionCounts& topics);

    /// Ignored if another rebalance has started. Triggers another rebalance if topics have changed
    /// since assignment_task().
    void finish_assignment(std::int32_t generation,
                           std::map<std::string, kafka::MemberAssignment> assignments,
                           const kafka::PartitionCounts& topics);

    /// Whether offsets may be committed for that member.
    kafka::Status check_commit(const kafka::GroupMetadata& member, bool transactional) const;

    void on_topics_changed(const kafka::PartitionCounts& topics);
    void expire(std::int64_t now);

    /// When expire() is next due, if nothing else happens.
    std::optional<std::int64_t> next_deadline() const;

    /// Stops or resumes the heartbeats of a client.
    void set_silent(const std::string& client_id, std::optional<std::int64_t> since);

    void notify();

  private:
    std::string new_member_id(const MemberSettings& settings);
    Member& replace_static(Member earlier, const MemberSettings& settings,
                           const SubscriptionMatcher& subscription, const std::string& id);
    void finish_round_if_all_joined();
    kafka::PartitionCounts topics_wanted(const kafka::PartitionCounts& topics) const;

    const std::string name_;
    State state_ = State::kEmpty;
    std::int32_t generation_ = 0;
    std::string protocol_;
    std::string leader_;
    std::map<std::string, Member> members_;
    std::map<std::string, std::string> static_members_;  ///< Instance id to member id.
    std::uint64_t members_ever_ = 0;
    kafka::PartitionCounts assigned_topics_;
    GroupOffsets offsets_;
};

}  // namespace millrace::testing::embedded
