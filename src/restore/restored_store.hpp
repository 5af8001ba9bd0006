// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/message.hpp"
#include "metrics/registry.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "restore/progress_board.hpp"

#include <chrono>
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

/// The phase of the restore of a store.
enum class Phase {
    kNew,  ///< The start and end offsets are not known yet.
    kReading,
    kFollowing,  ///< A standby, which has no end offset.
    kPromoted,   ///< A promoted standby before its end offset is known.
    kRead,       ///< Read to its end; finish_restore was not called yet.
    kDone,
};

/// Whether reading the changelog has begun and continues.
inline bool under_way(Phase phase) {
    return phase == Phase::kReading || phase == Phase::kFollowing || phase == Phase::kPromoted;
}

/// The end offset up to which a standby reads its changelog: it has none.
inline constexpr Offset kNoEnd = std::numeric_limits<Offset>::max();

/// A store that is being restored, or the store of a standby.
struct Changelog {
    StoreToRestore what{};
    Phase phase = Phase::kNew;
    bool rebuild = false;          ///< The stored rows cannot be used.
    Offset end = 0;                ///< The first offset that is not restored.
    Offset first = 0;              ///< The offset at which reading began.
    Offset first_end = 0;          ///< The end offset when reading began.
    Offset known_end = -1;         ///< Standbys: the end offset as of the last turn; -1: unknown.
    std::optional<Offset> last{};  ///< The offset of the last record that the store contains.
    std::int64_t total = 0;
    bool unfinished = false;  ///< Standbys: records were applied since finish_restore.
    std::shared_ptr<metrics::Gauge> lag{};             ///< Standbys only.
    std::unique_ptr<ProgressBoard::Meter> progress{};  ///< Not of standbys.

    /// The restorer reads a limited number of changelogs at a time. One that waits for its turn is
    /// parked: not assigned to the consumer.
    bool parked = false;
    Offset resume_at = 0;                     ///< The next offset to read when it was parked.
    std::uint64_t waiting_since = 0;          ///< Orders the changelogs that are parked.
    std::int64_t read_in_turn = 0;            ///< Records since it was assigned.
    std::chrono::nanoseconds assigned_at{0};  ///< Of Clock::monotonic().
    bool caught_up = false;  ///< Standbys: it was read up to the end of its changelog.

    /// When `end` was the end of the changelog. Empty: the store is restored to an earlier offset.
    std::optional<Timestamp> end_at{};
};

/// Whether the changelog is assigned to the consumer.
inline bool assigned(const Changelog& changelog) {
    return under_way(changelog.phase) && !changelog.parked;
}

}  // namespace millrace::restore
