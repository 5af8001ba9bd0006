// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "core/thread_annotations.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/state/restore_progress.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::restore {

/// The progress of all restores of a client: for KafkaStreams::restore_progress, and for a line in
/// the log every ten seconds while a restore takes long.
///
/// Thread-safe. No call waits for a restore.
class ProgressBoard {
  public:
    /// `clock` must outlive the board.
    explicit ProgressBoard(const Clock& clock) : clock_(clock) {}

    /// One partition of a store. It is listed while this exists. The board must outlive it.
    class Meter {
      public:
        Meter(ProgressBoard& board, std::uint64_t id) : board_(board), id_(id) {}
        ~Meter() { board_.remove(id_); }
        Meter(const Meter&) = delete;
        Meter& operator=(const Meter&) = delete;

        /// `records` were added to the store; `next` is the next offset to read.
        void advanced(std::int64_t records, Offset next) { board_.advance(id_, records, next); }

      private:
        ProgressBoard& board_;
        std::uint64_t id_;
    };

    /// A restore of the offsets from `next` to `end` begins.
    std::unique_ptr<Meter> begin(TaskId task, const std::string& store,
                                 const TopicPartition& changelog, Offset next, Offset end);

    std::vector<RestoreProgress> snapshot() const;

    /// Logs how far the restores are if that is due. Cheap.
    void log_if_due();

  private:
    struct Sample {
        std::chrono::nanoseconds at{0};
        Offset next = 0;
    };
    struct Entry {
        RestoreProgress shown{};
        Offset next = 0;
        Offset end = 0;
        Sample older{};  // What the rate is measured from.
        Sample newer{};
    };

    void advance(std::uint64_t id, std::int64_t records, Offset next);
    void remove(std::uint64_t id);

    const Clock& clock_;
    mutable Mutex mutex_;
    std::map<std::uint64_t, Entry> entries_ MILLRACE_GUARDED_BY(mutex_);
    std::uint64_t begun_ MILLRACE_GUARDED_BY(mutex_) = 0;
    // When the next line is due, of Clock::monotonic(). Empty: nothing is restored.
    std::optional<std::chrono::nanoseconds> log_at_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::restore
