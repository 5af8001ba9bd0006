// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/message.hpp"
#include "metrics/registry.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

namespace millrace::restore {

/// Decides whether a record of a source topic is added to the store that the topic restores.
/// Returns the record's time, or nothing to skip it. Called by the restore thread.
using RestoreFilter =
    std::function<std::optional<Timestamp>(const kafka::Message& message, const Headers& headers)>;

/// A store to restore from its changelog.
struct StoreToRestore {
    std::size_t store = 0;  ///< Index into the task's stores.
    std::string name{};
    TopicPartition changelog{};

    /// The end offset if it is before the end of the changelog: a source topic that serves as
    /// changelog is restored up to the committed offset.
    std::optional<Offset> limit{};

    /// For a source topic that serves as changelog; null: every record is added to the store.
    RestoreFilter filter{};
};

/// How far the restore of a store is.
enum class Phase {
    kNew,        ///< The start and end offsets are not known yet.
    kReading,    ///< Assigned to the consumer.
    kFollowing,  ///< Assigned to the consumer; of a standby, whose changelog has no end.
    kPromoted,   ///< Assigned to the consumer; of a former standby, whose end is not known yet.
    kRead,       ///< To its end; the store is not finished yet.
    kDone,
};

/// Whether the changelog is assigned to the consumer.
inline bool assigned(Phase phase) {
    return phase == Phase::kReading || phase == Phase::kFollowing || phase == Phase::kPromoted;
}

/// The end of a changelog that is followed.
inline constexpr Offset kNoEnd = std::numeric_limits<Offset>::max();

/// A store that is being restored, or followed.
struct Changelog {
    StoreToRestore what{};
    Phase phase = Phase::kNew;
    bool rebuild = false;          ///< The stored rows cannot be used.
    Offset end = 0;                ///< The first offset that is not restored; kNoEnd: none.
    Offset first = 0;              ///< Where reading began.
    Offset first_end = 0;          ///< The end when reading began.
    Offset known_end = -1;         ///< Of a standby: the end as of the last turn; -1: unknown.
    std::optional<Offset> last{};  ///< The offset of the last record that the store contains.
    std::int64_t total = 0;
    bool unfinished = false;  ///< Of a standby: records were added since the store was finished.
    std::shared_ptr<metrics::Gauge> lag{};  ///< Of a standby.

    /// When `end` was the end of the changelog. Empty: the store is restored to an earlier offset.
    std::optional<Timestamp> end_at{};
};

}  // namespace millrace::restore
