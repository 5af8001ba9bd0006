// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metrics/registry.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/state/restore_listener.hpp"
#include "restore/progress_board.hpp"
#include "restore/restored_store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace millrace::restore {

/// Reports the progress of the restores of one thread: to the listener, in metrics, and on the
/// board. Thread-safe, like the listener.
class RestoreReports {
  public:
    /// `metrics` and `board` must outlive this; `board` may be null.
    RestoreReports(StateRestoreListener listener, metrics::Registry& metrics, ProgressBoard* board,
                   std::string thread);

    /// These throw the listener's exceptions.
    void begun(TaskId task, Changelog& changelog, Offset from) const;
    void loaded(const Changelog& changelog, std::size_t records) const;
    void ended(Changelog& changelog) const;

    /// The task is removed. Logs the listener's exceptions: they cannot be thrown through a
    /// rebalance.
    void suspended(Changelog& changelog) const;

    /// The metric of the number of records that a task lacks, created if it does not exist.
    std::shared_ptr<metrics::Gauge> remaining(TaskId task) const;
    void remove_remaining(TaskId task) const;

    /// The tasks of the thread as of this turn.
    void tasks(std::size_t restoring, std::size_t standbys) const;

    void log_if_due() const;

  private:
    metrics::MetricName remaining_name(TaskId task) const;

    StateRestoreListener listener_;
    metrics::Registry& metrics_;
    ProgressBoard* board_;
    std::string thread_;
    std::shared_ptr<metrics::Counter> records_;
    std::shared_ptr<metrics::Gauge> restoring_;
    std::shared_ptr<metrics::Gauge> standbys_;
};

}  // namespace millrace::restore
