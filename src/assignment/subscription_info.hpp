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

/// The version of the two formats that this build writes. It also reads earlier versions, and later
/// ones whose "readable from" is at most this version: it skips fields that it does not know.
inline constexpr std::uint16_t kFormatVersion = 2;

/// The user data of a member's subscription.
struct SubscriptionInfo {
    std::string process_id{};  ///< Stored in the state directory, so it survives a restart.
    std::string thread_name{};
    std::vector<TaskId> active{};   ///< Tasks that this thread runs or restores.
    std::vector<TaskId> standby{};  ///< Standbys of this thread.
    TaskLags on_disk{};             ///< Of all tasks whose state this process has, including those
                                    ///< that other threads or processes run.
    ChangelogSizes sizes{};         ///< Of tasks in on_disk, as far as known.
    std::map<std::string, std::string> client_tags{};
    std::string endpoint{};  ///< "host:port" of the process, for queries; empty: none.
    bool shut_down_application = false;
    std::vector<std::string> transactional_ids{};  ///< Of the thread's producers.

    /// The latest version that the member reads. encode() writes kFormatVersion instead.
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
    std::vector<TaskId> active{};  ///< Includes tasks whose partitions others still own.
    std::vector<TaskId> standby{};
    std::optional<std::chrono::milliseconds> next_probing{};  ///< From now; empty: none.

    /// The standbys of this member for which tasks wait before they move. The member rejoins when
    /// the lag of each of them is at most acceptable_lag.
    std::vector<TaskId> awaited{};
    TaskLag acceptable_lag = 0;

    /// The transactional ids of members that have left the group: see DepartedTransactions.
    std::vector<std::string> departed{};
    std::vector<std::string> leader{};  ///< The transactional ids of the leader.

    StopReason stop = StopReason::kNone;

    /// encode(): the version to write. decode_assignment(): the version of the writer.
    std::uint16_t version = kFormatVersion;

    bool operator==(const AssignmentInfo&) const = default;
};

/// `version` is 1 or kFormatVersion. Version 1 omits standbys, lags, tags and the endpoint.
Bytes encode(const SubscriptionInfo& info, std::uint16_t version = kFormatVersion);
Bytes encode(const AssignmentInfo& info);

/// Throw SerdeError if the bytes are malformed, or of a newer version that this build cannot read;
/// the message distinguishes the two.
SubscriptionInfo decode_subscription(BytesView bytes);
AssignmentInfo decode_assignment(BytesView bytes);

}  // namespace millrace::assignment
