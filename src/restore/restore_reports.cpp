// SPDX-License-Identifier: Apache-2.0
#include "restore/restore_reports.hpp"

#include "core/log.hpp"

#include <exception>
#include <utility>

namespace millrace::restore {

RestoreReports::RestoreReports(StateRestoreListener listener, metrics::Registry& metrics,
                               ProgressBoard* board, std::string thread)
    : listener_(std::move(listener)), metrics_(metrics), board_(board), thread_(std::move(thread)) {
    const auto name = [this](const char* metric) {
        return metrics::MetricName{
            metric, "stream-state-updater-metrics", {{"thread-id", thread_}}};
    };
    records_ = metrics_.counter(name("restore-records-total"));
    restoring_ = metrics_.gauge(name("active-restoring-tasks"));
    standbys_ = metrics_.gauge(name("standby-updating-tasks"));
}

void RestoreReports::begun(TaskId task, Changelog& changelog, Offset from) const {
    if (board_ != nullptr) {
        changelog.progress =
            board_->begin(task, changelog.what.name, changelog.what.changelog, from, changelog.end);
    }
    if (listener_.on_restore_start) {
        listener_.on_restore_start(changelog.what.changelog, changelog.what.name, from,
                                   changelog.end);
    }
}

void RestoreReports::loaded(const Changelog& changelog, std::size_t records) const {
    const auto count = static_cast<std::int64_t>(records);
    if (changelog.progress != nullptr) {
        changelog.progress->advanced(count, *changelog.last + 1);
    }
    records_->add(records);
    if (listener_.on_batch_restored) {
        listener_.on_batch_restored(changelog.what.changelog, changelog.what.name, *changelog.last,
                                    count);
    }
}

void RestoreReports::ended(Changelog& changelog) const {
    changelog.progress.reset();
    if (listener_.on_restore_end) {
        listener_.on_restore_end(changelog.what.changelog, changelog.what.name, changelog.total);
    }
}

void RestoreReports::suspended(Changelog& changelog) const {
    changelog.progress.reset();
    if (!under_way(changelog.phase) || !listener_.on_restore_suspended) {
        return;
    }
    const std::string what =
        "the restore listener failed in on_restore_suspended: store " + changelog.what.name + ": ";
    try {
        listener_.on_restore_suspended(changelog.what.changelog, changelog.what.name,
                                       changelog.total);
    } catch (const std::exception& error) {
        log::error(what + error.what());
    } catch (...) {
        log::error(what + "exception not derived from std::exception");
    }
}

metrics::MetricName RestoreReports::remaining_name(TaskId task) const {
    return {"restore-remaining-records-total",
            "stream-task-metrics",
            {{"thread-id", thread_}, {"task-id", to_string(task)}}};
}

std::shared_ptr<metrics::Gauge> RestoreReports::remaining(TaskId task) const {
    return metrics_.gauge(remaining_name(task));
}

void RestoreReports::remove_remaining(TaskId task) const {
    metrics_.remove(remaining_name(task));
}

void RestoreReports::tasks(std::size_t restoring, std::size_t standbys) const {
    restoring_->set(static_cast<double>(restoring));
    standbys_->set(static_cast<double>(standbys));
}

void RestoreReports::log_if_due() const {
    if (board_ != nullptr) {
        board_->log_if_due();
    }
}

}  // namespace millrace::restore
