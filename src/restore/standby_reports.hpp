// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "metrics/registry.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/state/restore_listener.hpp"
#include "restore/restored_store.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace millrace::restore {

/// The number of records that the store lacks, up to its limit or to the end of the changelog as of
/// the last fetch.
std::int64_t lag_of(const Changelog& changelog, const kafka::PartitionQueue* queue);

/// Reports the progress of standbys: to the listener and in metrics. Thread-safe, like the
/// listener.
class StandbyReports {
  public:
    /// `metrics` must outlive this.
    StandbyReports(StandbyUpdateListener listener, metrics::Registry& metrics,
                   const std::string& thread);

    /// Creates the lag metric of a store; ended() removes it, too.
    std::shared_ptr<metrics::Gauge> lag_metric(TaskId task, const Changelog& changelog);
    void remove_lag_metric(TaskId task, const Changelog& changelog) const;

    /// Throw the listener's exceptions.
    void begun(const Changelog& changelog, Offset from) const;
    void loaded(TaskId task, const Changelog& changelog, const kafka::PartitionQueue& queue,
                std::size_t records) const;

    /// Logs the listener's exceptions: they cannot be thrown through a rebalance.
    void ended(TaskId task, const Changelog& changelog, StandbySuspension why) const;

  private:
    StandbyUpdateListener listener_;
    metrics::Registry& metrics_;
    std::shared_ptr<metrics::Counter> records_;
};

}  // namespace millrace::restore
