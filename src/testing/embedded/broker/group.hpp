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

/// What a consumer's settings say about its membership. Times in milliseconds.
struct MemberSettings {
    std::string client_id;
    std::string instance_id;  ///< Empty: a dynamic member.
    std::string rack_id;
    std::int64_t session_timeout = 45'000;
    std::int64_t max_poll_interval = 300'000;
};

/// One member as the coordinator sees it.
struct Member {
    std::string id;
    std::uint64_t order = 0;  ///< Of its first joining.
    MemberSettings settings;
    SubscriptionMatcher subscription;
    Waiter* waiter = nullptr;

    bool joined = false;           ///< In the round being prepared.
    std::int32_t generation = -1;  ///< Of the last round it took part in.
    std::vector<TopicPartition> owned;
    std::int32_t owned_generation = -1;
    Bytes user_data;

    kafka::MemberAssignment current;
    bool undelivered = false;  ///< `current` waits for the member to fetch it.

    std::int64_t last_poll = 0;
    bool polling = false;                      ///< Waits in poll right now.
    std::optional<std::int64_t> silent_since;  ///< No heartbeats from then on.
};

/// A consumer group: its members, generations and offsets.
///
///     kEmpty ──member──► kPreparing ──all joined──► kAssigning ──leader assigned──► kStable
///                          ▲   ▲                        │                             │
///                          │   └── member or topic came, went or asked ◄──────────────┘
///                          └────────────────────────────┘        (the last member leaves: kEmpty)
///
/// Every step but the expiry of a member is made by a member's own poll, so that rounds make
/// progress in one thread, whatever the order of the polls.
/// Threads: guarded by the cluster's mutex.
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

    /// A new member, under a new id. A static one takes the place of its earlier self, which is
    /// fenced; if the group is stable it inherits the assignment and nobody else notices.
    Member& add(const MemberSettings& settings, const SubscriptionMatcher& subscription,
                const std::string& protocol, Waiter& waiter, std::int64_t now);

    /// False when the group's members speak another protocol.
    bool accepts(const std::string& protocol) const {
        return members_.empty() || protocol == protocol_;
    }

    Member* find(const std::string& member_id);
    bool is_fenced(const std::string& member_id, const std::string& instance_id) const;

    void change_subscription(Member& member, const SubscriptionMatcher& subscription);
    void remove(const std::string& member_id);

    /// Starts a new round, unless one is being prepared.
    void rebalance();

    /// Requires kPreparing.
    void join(Member& member, std::vector<TopicPartition> owned, std::int32_t owned_generation,
              Bytes user_data);

    /// The members to assign partitions to; nothing unless it is this member's turn to do it.
    std::optional<AssignmentTask> assignment_task(const Member& member,
                                                  const kafka::PartitionCounts& topics);

    /// Ignored when the round has been overtaken. Starts another round if topics have changed since
    /// the task was given out.
    void finish_assignment(std::int32_t generation,
                           std::map<std::string, kafka::MemberAssignment> assignments,
                           const kafka::PartitionCounts& topics);

    /// Whether offsets may be committed on behalf of that member.
    kafka::Status check_commit(const kafka::GroupMetadata& member, bool transactional) const;

    void on_topics_changed(const kafka::PartitionCounts& topics);
    void expire(std::int64_t now);

    /// When expire() will next have something to do, if nothing happens before.
    std::optional<std::int64_t> next_deadline() const;

    /// Heartbeats of a client stop, or come again.
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
