// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/task_id.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Latest version of the two formats below that this build reads and writes.
inline constexpr std::uint16_t kFormatVersion = 1;

/// The user data of a member's subscription.
struct SubscriptionInfo {
    std::string process_id{};  ///< Stored in the state directory, so it survives a restart.
    std::string thread_name{};
    std::vector<TaskId> active{};   ///< Tasks that this thread runs or restores.
    std::vector<TaskId> on_disk{};  ///< Tasks whose state this process has on disk, including those
                                    ///< of other threads and processes.
    bool shut_down_application = false;

    bool operator==(const SubscriptionInfo&) const = default;
};

/// Why a member must stop.
enum class StopReason : std::uint8_t {
    kNone = 0,
    kShutDownApplication = 1,  ///< A member requested it.
    kUnknownVersion = 2,       ///< The leader cannot read the data of this member.
};

/// The user data of an assignment.
struct AssignmentInfo {
    std::vector<TaskId> active{};
    StopReason stop = StopReason::kNone;

    bool operator==(const AssignmentInfo&) const = default;
};

Bytes encode(const SubscriptionInfo& info);
Bytes encode(const AssignmentInfo& info);

/// Throw SerdeError if the bytes are malformed or of a newer version; the message distinguishes the
/// two.
SubscriptionInfo decode_subscription(BytesView bytes);
AssignmentInfo decode_assignment(BytesView bytes);

}  // namespace millrace::assignment
