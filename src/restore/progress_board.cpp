// SPDX-License-Identifier: Apache-2.0
#include "restore/progress_board.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace millrace::restore {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::chrono::seconds kBetweenLines{10};
constexpr std::chrono::seconds kBetweenSamples{5};
constexpr double kLongest = 365.0 * 86'400;  // Seconds.

std::string rounded(double number) {
    return std::to_string(std::llround(number));
}

std::string time_left(const std::optional<milliseconds>& time) {
    return time ? "about " + rounded(std::ceil(static_cast<double>(time->count()) / 1000)) +
                      " s left"
                : "time left unknown: nothing is read";
}

std::optional<milliseconds> expected(std::int64_t remaining, double per_second) {
    const double seconds = per_second > 0 ? static_cast<double>(remaining) / per_second : kLongest;
    if (seconds >= kLongest) {
        return std::nullopt;
    }
    return milliseconds{std::llround(std::ceil(seconds * 1000))};
}

/// Sorts the longest last: by the expected time, then by what remains.
bool shorter(const RestoreProgress& left, const RestoreProgress& right) {
    const auto time = [](const RestoreProgress& each) {
        return each.expected_time.value_or(milliseconds::max());
    };
    return std::make_tuple(time(left), left.remaining) <
           std::make_tuple(time(right), right.remaining);
}

std::string line_of(const std::vector<RestoreProgress>& all) {
    std::set<TaskId> tasks;
    std::int64_t restored = 0;
    std::int64_t remaining = 0;
    double rate = 0;
    for (const RestoreProgress& each : all) {
        tasks.insert(each.task);
        restored += each.restored;
        remaining += each.remaining;
        rate += each.records_per_second;
    }
    const RestoreProgress& longest = *std::max_element(all.begin(), all.end(), shorter);
    return "restoring " + std::to_string(all.size()) + " store partitions of " +
           std::to_string(tasks.size()) + " tasks: " + std::to_string(restored) +
           " records restored, " + std::to_string(remaining) + " left, " + rounded(rate) +
           " a second, " + time_left(expected(remaining, rate)) + "; the longest: store " +
           longest.store + " of task " + to_string(longest.task) + " from " +
           to_string(longest.changelog) + ", " + std::to_string(longest.remaining) + " left, " +
           time_left(longest.expected_time);
}

}  // namespace

std::unique_ptr<ProgressBoard::Meter> ProgressBoard::begin(TaskId task, const std::string& store,
                                                           const TopicPartition& changelog,
                                                           Offset next, Offset end) {
    const nanoseconds now = clock_.monotonic();
    const MutexLock lock(mutex_);
    const std::uint64_t id = ++begun_;
    entries_.emplace(id, Entry{.shown = {.task = task, .store = store, .changelog = changelog},
                               .next = next,
                               .end = end,
                               .older = {now, next},
                               .newer = {now, next}});
    if (!log_at_) {
        log_at_ = now + kBetweenLines;
    }
    return std::make_unique<Meter>(*this, id);
}

void ProgressBoard::advance(std::uint64_t id, std::int64_t records, Offset next) {
    const nanoseconds now = clock_.monotonic();
    const MutexLock lock(mutex_);
    Entry& entry = entries_.at(id);
    entry.shown.restored += records;
    entry.next = next;
    if (now - entry.newer.at >= kBetweenSamples) {
        entry.older = entry.newer;
        entry.newer = {now, next};
    }
}

void ProgressBoard::remove(std::uint64_t id) {
    const MutexLock lock(mutex_);
    entries_.erase(id);
    if (entries_.empty()) {
        log_at_.reset();
    }
}

std::vector<RestoreProgress> ProgressBoard::snapshot() const {
    const nanoseconds now = clock_.monotonic();
    std::vector<RestoreProgress> all;
    {
        const MutexLock lock(mutex_);
        all.reserve(entries_.size());
        for (const auto& [id, entry] : entries_) {
            RestoreProgress& each = all.emplace_back(entry.shown);
            each.remaining = std::max<std::int64_t>(0, entry.end - entry.next);
            const std::chrono::duration<double> time = now - entry.older.at;
            if (time.count() > 0) {
                each.records_per_second =
                    static_cast<double>(entry.next - entry.older.next) / time.count();
            }
            each.expected_time = expected(each.remaining, each.records_per_second);
        }
    }
    std::sort(all.begin(), all.end(),
              [](const RestoreProgress& left, const RestoreProgress& right) {
                  return std::tie(left.task, left.store, left.changelog.partition) <
                         std::tie(right.task, right.store, right.changelog.partition);
              });
    return all;
}

void ProgressBoard::log_if_due() {
    const nanoseconds now = clock_.monotonic();
    {
        const MutexLock lock(mutex_);
        if (!log_at_ || now < *log_at_) {
            return;
        }
        log_at_ = now + kBetweenLines;
    }
    const auto all = snapshot();
    if (!all.empty()) {
        log::info(line_of(all));
    }
}

}  // namespace millrace::restore
