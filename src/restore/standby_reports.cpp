// SPDX-License-Identifier: Apache-2.0
#include "restore/standby_reports.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <utility>

namespace millrace::restore {
namespace {

metrics::MetricName lag_name(TaskId task, const std::string& store) {
    return {
        "standby-lag", "stream-standby-metrics", {{"task-id", to_string(task)}, {"store", store}}};
}

Offset end_of(const kafka::PartitionQueue& queue) {
    const auto position = queue.position();
    const auto lag = queue.lag();
    return position && lag ? *position + *lag : -1;
}

}  // namespace

std::int64_t lag_of(const Changelog& changelog, const kafka::PartitionQueue* queue) {
    const Offset next = changelog.last.value_or(changelog.first - 1) + 1;
    const auto position = queue == nullptr ? std::nullopt : queue->position();
    const auto lag = queue == nullptr ? std::nullopt : queue->lag();
    const Offset at = std::max(position.value_or(next), next);
    const Offset end = position && lag ? *position + *lag : changelog.first_end;
    return std::max<std::int64_t>(0, std::min(end, changelog.end) - at);
}

StandbyReports::StandbyReports(StandbyUpdateListener listener, metrics::Registry& metrics,
                               const std::string& thread)
    : listener_(std::move(listener)),
      metrics_(metrics),
      records_(metrics.counter({"standby-update-records-total",
                                "stream-state-updater-metrics",
                                {{"thread-id", thread}}})) {}

std::shared_ptr<metrics::Gauge> StandbyReports::lag_metric(TaskId task,
                                                           const Changelog& changelog) {
    return metrics_.gauge(lag_name(task, changelog.what.name));
}

void StandbyReports::begun(const Changelog& changelog, Offset from) const {
    if (listener_.on_update_start) {
        listener_.on_update_start(changelog.what.changelog, changelog.what.name, from);
    }
}

void StandbyReports::loaded(TaskId task, const Changelog& changelog,
                            const kafka::PartitionQueue& queue, std::size_t records) const {
    records_->add(records);
    if (listener_.on_batch_loaded) {
        listener_.on_batch_loaded(changelog.what.changelog, changelog.what.name, task,
                                  *changelog.last, static_cast<std::int64_t>(records),
                                  end_of(queue));
    }
}

void StandbyReports::remove_lag_metric(TaskId task, const Changelog& changelog) const {
    metrics_.remove(lag_name(task, changelog.what.name));
}

void StandbyReports::ended(TaskId task, const Changelog& changelog, StandbySuspension why) const {
    remove_lag_metric(task, changelog);
    if (!under_way(changelog.phase) || !listener_.on_update_suspended) {
        return;
    }
    const std::string what =
        "the standby listener failed in on_update_suspended: store " + changelog.what.name + ": ";
    try {
        listener_.on_update_suspended(changelog.what.changelog, changelog.what.name,
                                      changelog.last.value_or(-1), changelog.known_end, why);
    } catch (const std::exception& error) {
        log::error(what + error.what());
    } catch (...) {
        log::error(what + "exception not derived from std::exception");
    }
}

}  // namespace millrace::restore
