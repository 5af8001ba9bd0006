// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/task_id.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Newest version of the two formats below that this build writes and reads.
inline constexpr std::uint16_t kFormatVersion = 1;

/// What a member tells the leader of its group besides what it subscribes to.
/// Bytes: docs/formats/subscription-info.md.
struct SubscriptionInfo {
    std::string process_id{};  ///< Kept in the state directory: the same after a restart.
    std::string thread_name{};
    std::vector<TaskId> active{};   ///< Tasks this thread runs or restores.
    std::vector<TaskId> on_disk{};  ///< Tasks whose state this process has, whoever runs them.
    bool shut_down_application = false;

    bool operator==(const SubscriptionInfo&) const = default;
};

/// Why a member must stop.
enum class StopReason : std::uint8_t {
    kNone = 0,
    kShutDownApplication = 1,  ///< A member asked for it.
    kUnknownVersion = 2,       ///< The leader does not understand what this member sent.
};

/// What the leader tells a member besides its partitions.
struct AssignmentInfo {
    std::vector<TaskId> active{};
    StopReason stop = StopReason::kNone;

    bool operator==(const AssignmentInfo&) const = default;
};

Bytes encode(const SubscriptionInfo& info);
Bytes encode(const AssignmentInfo& info);

/// Throw SerdeError on bytes that are not of the format, and, saying so, on those of a newer
/// version.
SubscriptionInfo decode_subscription(BytesView bytes);
AssignmentInfo decode_assignment(BytesView bytes);

}  // namespace millrace::assignment
