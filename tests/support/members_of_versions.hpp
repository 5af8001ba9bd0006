// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "assignment/subscription_info.hpp"
#include "millrace/core/error.hpp"
#include "support/forwarding_clients.hpp"
#include "support/next_version.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::support {

/// An assignor whose data other builds would write and read.
class AssignorOfVersion : public kafka::GroupAssignor {
  public:
    explicit AssignorOfVersion(std::shared_ptr<kafka::GroupAssignor> ours)
        : ours_(std::move(ours)) {}

    std::string name() const override { return ours_->name(); }
    Bytes subscription_user_data() override { return written(ours_->subscription_user_data()); }
    std::map<std::string, kafka::MemberAssignment> assign(
        const std::vector<kafka::GroupMember>& members,
        const kafka::PartitionCounts& topics) override {
        std::vector<kafka::GroupMember> read = members;
        for (kafka::GroupMember& member : read) {
            member.user_data = understood(std::move(member.user_data));
        }
        auto result = ours_->assign(read, topics);
        for (auto& [member, assignment] : result) {
            assignment.user_data = answer(std::move(assignment.user_data));
        }
        return result;
    }
    void on_assignment(const std::vector<TopicPartition>& partitions,
                       BytesView user_data) override {
        ours_->on_assignment(partitions, user_data);
    }

  protected:
    virtual Bytes written(Bytes subscription) { return subscription; }
    virtual Bytes understood(Bytes subscription) { return subscription; }
    virtual Bytes answer(Bytes assignment) { return assignment; }

  private:
    std::shared_ptr<kafka::GroupAssignor> ours_;
};

/// Reads and writes version 1 only.
class FirstVersion final : public AssignorOfVersion {
  public:
    using AssignorOfVersion::AssignorOfVersion;

    void on_assignment(const std::vector<TopicPartition>& partitions,
                       BytesView user_data) override {
        EXPECT_EQ(assignment::decode_assignment(user_data).version, 1)
            << "a member of version 1 reads nothing else";
        AssignorOfVersion::on_assignment(partitions, user_data);
    }

  protected:
    Bytes written(Bytes subscription) override {
        auto info = assignment::decode_subscription(subscription);
        info.reads = 1;
        return encode(info, 1);
    }
    Bytes understood(Bytes subscription) override {
        assignment::SubscriptionInfo info;
        try {
            info = assignment::decode_subscription(subscription);
        } catch (const Error&) {
            return subscription;
        }
        info.reads = 1;  // The flag for version 2 means nothing to it.
        return subscription[kVersion] == 1 ? encode(info, 1) : Bytes("unknown");
    }
    Bytes answer(Bytes assignment) override {
        auto info = assignment::decode_assignment(assignment);
        info.version = 1;
        return encode(info);
    }

  private:
    static constexpr std::size_t kVersion = 6;
};

/// Writes a later version, which this build can read, or with `unreadable` cannot.
template <bool unreadable = false>
class LaterVersion final : public AssignorOfVersion {
  public:
    using AssignorOfVersion::AssignorOfVersion;

  protected:
    Bytes written(Bytes subscription) override {
        return unreadable ? next_.unreadable(std::move(subscription))
                          : next_.of(std::move(subscription));
    }
    Bytes answer(Bytes assignment) override { return next_.of(std::move(assignment)); }

  private:
    NextVersion next_;
};

/// Members of another version than this build's.
template <class Version>
class MembersOfVersion final : public ForwardingClients {
  public:
    using ForwardingClients::ForwardingClients;

    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override {
        if (assignor != nullptr) {
            assignor = std::make_shared<Version>(std::move(assignor));
        }
        return ForwardingClients::make_consumer(settings, std::move(assignor));
    }
};

}  // namespace millrace::support
