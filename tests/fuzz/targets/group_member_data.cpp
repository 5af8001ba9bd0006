// SPDX-License-Identifier: Apache-2.0
// The user data of subscriptions and assignments, and an assignment of members with any data.
#include "assignment/partition_assignor.hpp"
#include "assignment/subscription_info.hpp"
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/core/error.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::fuzz {
namespace {

using assignment::AssignmentInfo;
using assignment::SubscriptionInfo;

void check_subscription(BytesView bytes) {
    std::optional<SubscriptionInfo> info;
    if (accepts<SerdeError>([&] { info = assignment::decode_subscription(bytes); })) {
        info->reads = assignment::kFormatVersion;  // As it is written now.
        expect(assignment::decode_subscription(encode(*info)) == *info,
               "a subscription is read as written");
    }
}

void check_assignment(BytesView bytes) {
    std::optional<AssignmentInfo> info;
    if (accepts<SerdeError>([&] { info = assignment::decode_assignment(bytes); })) {
        info->version = std::min(info->version, assignment::kFormatVersion);
        expect(assignment::decode_assignment(encode(*info)) == *info,
               "an assignment is read as written");
    }
}

topology::ApplicationTopology application() {
    topology::ApplicationTopology application;
    application.application_id = "app";
    application.sub_topologies.resize(2);
    application.sub_topologies[0].source_topics = {"left", "right"};
    application.sub_topologies[1].id = 1;
    application.sub_topologies[1].source_patterns = {"other-.*"};
    return application;
}

const std::vector<std::string>& topic_names() {
    static const std::vector<std::string> names{"left", "right", "other-1", "gone"};
    return names;
}

kafka::GroupMember take_member(Fields& fields) {
    static int number = 0;
    kafka::GroupMember member;
    member.member_id = std::to_string(number = (number + 1) % 1000);
    member.generation = fields.number<std::int8_t>();
    for (std::size_t left = fields.below(4); left > 0; --left) {
        const std::string& topic = topic_names().at(fields.below(topic_names().size()));
        member.owned.push_back({topic, fields.number<std::int8_t>()});
    }
    member.user_data = fields.long_bytes();
    return member;
}

void check_round(BytesView bytes) {
    static const topology::ApplicationTopology parts = application();
    assignment::PartitionAssignor assignor(parts, "p", "t");
    Fields fields(bytes);
    kafka::PartitionCounts topics;
    for (const std::string& topic : topic_names()) {
        if (const std::size_t count = fields.below(5); count != 0 && topic != "gone") {
            topics.emplace(topic, static_cast<std::int32_t>(count));
        }
    }
    std::vector<kafka::GroupMember> members;
    while (!fields.done() && members.size() < 4) {
        members.push_back(take_member(fields));
    }
    const auto result = assignor.assign(members, topics);
    std::set<TopicPartition> given;
    for (const auto& [id, assigned] : result) {
        assignment::decode_assignment(assigned.user_data);
        for (const TopicPartition& partition : assigned.partitions) {
            expect(partition.partition >= 0 && partition.partition < topics.at(partition.topic),
                   "assigned partitions exist");
            expect(given.insert(partition).second, "a partition has one owner");
        }
    }
    expect(result.size() == members.size(), "every member gets an assignment");
}

}  // namespace

void group_member_data(BytesView input) {
    check_subscription(input);
    check_assignment(input);
    check_round(input);
    static const topology::ApplicationTopology parts = application();
    assignment::PartitionAssignor assignor(parts, "p", "t");
    assignor.on_assignment({}, input);
}

}  // namespace millrace::fuzz
