// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/task_lag.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/core/task_id.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::assignment {

/// Latest version of the two formats below that this build writes. It reads every version, and what
/// it does not know of newer ones it skips, unless they say that it cannot.
inline constexpr std::uint16_t kFormatVersion = 2;

/// The user data of a member's subscription.
struct SubscriptionInfo {
    std::string process_id{};  ///< Stored in the state directory, so it survives a restart.
    std::string thread_name{};
    std::vector<TaskId> active{};   ///< Tasks that this thread runs or restores.
    std::vector<TaskId> standby{};  ///< Tasks whose state this thread keeps up to date.
    TaskLags on_disk{};             ///< The tasks whose state this process has, including those
                                    ///< of other threads and processes.
    std::map<std::string, std::string> client_tags{};
    std::string endpoint{};  ///< "host:port" of the process, for queries; empty: none.
    bool shut_down_application = false;

    /// The latest version that the member reads. When it is written: kFormatVersion.
    std::uint16_t reads = kFormatVersion;

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
    std::vector<TaskId> active{};  ///< Also those whose partitions other members still own.
    std::vector<TaskId> standby{};
    std::optional<std::chrono::milliseconds> next_probing{};  ///< From now; empty: none.

    /// Those of the standbys that something waits for: the member rejoins when all of them are at
    /// most `acceptable_lag` behind.
    std::vector<TaskId> awaited{};
    TaskLag acceptable_lag = 0;

    StopReason stop = StopReason::kNone;

    /// As which it is written; when it is read, the version of its writer.
    std::uint16_t version = kFormatVersion;

    bool operator==(const AssignmentInfo&) const = default;
};

/// `version` is 1 or kFormatVersion. Version 1 has the process, the thread, active tasks and tasks
/// on disk only, without their lags.
Bytes encode(const SubscriptionInfo& info, std::uint16_t version = kFormatVersion);
Bytes encode(const AssignmentInfo& info);

/// Throw SerdeError if the bytes are malformed, or of a newer version that this build cannot read;
/// the message distinguishes the two.
SubscriptionInfo decode_subscription(BytesView bytes);
AssignmentInfo decode_assignment(BytesView bytes);

}  // namespace millrace::assignment
