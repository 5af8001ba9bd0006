// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/log/compaction.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

namespace millrace::testing::embedded {
namespace {

/// Compacted batches are merged up to this size, so that a compacted log does not consist of
/// thousands of single records.
constexpr std::size_t kBatchBytes = 256 << 10;

bool holds_records(const LogEntry& entry) {
    return entry.kind == LogEntry::Kind::kPlain || entry.kind == LogEntry::Kind::kTransactional;
}

/// Collects the remaining records into batches.
class Survivors {
  public:
    explicit Survivors(std::deque<LogEntry>& out) : out_(out) {}

    void add(Offset offset, const RecordView& record,
             std::optional<std::int64_t> tombstones_until) {
        const bool too_far =
            !builder_.empty() && offset - base_ > std::numeric_limits<std::uint32_t>::max();
        const bool other_horizon =
            tombstones_until && tombstones_until_ && tombstones_until != tombstones_until_;
        if (builder_.byte_size() >= kBatchBytes || too_far || other_horizon) {
            finish();
        }
        if (builder_.empty()) {
            base_ = offset;
        }
        if (tombstones_until) {
            tombstones_until_ = tombstones_until;
        }
        last_ = offset;
        builder_.add(record, static_cast<std::uint32_t>(offset - base_));
    }

    void finish() {
        if (builder_.empty()) {
            return;
        }
        LogEntry entry;
        entry.batch = builder_.seal();
        entry.base = base_;
        entry.last = last_;
        entry.max_timestamp = entry.batch->max_timestamp();
        entry.tombstones_until = std::exchange(tombstones_until_, std::nullopt);
        out_.push_back(std::move(entry));
    }

  private:
    std::deque<LogEntry>& out_;
    BatchBuilder builder_;
    Offset base_ = 0;
    Offset last_ = 0;
    std::optional<std::int64_t> tombstones_until_;
};

}  // namespace

std::deque<LogEntry> compacted(const std::deque<LogEntry>& entries, Offset stable,
                               const TopicSettings& settings, std::int64_t now) {
    const auto first_kept =
        std::find_if(entries.begin(), entries.end(), [&](const LogEntry& entry) {
            return entry.last >= stable ||
                   (settings.min_compaction_lag_ms > 0 &&
                    entry.max_timestamp > now - settings.min_compaction_lag_ms);
        });
    std::unordered_map<BytesView, Offset> latest;
    for (auto entry = entries.begin(); entry != first_kept; ++entry) {
        if (holds_records(*entry)) {
            for (const BatchEntry& at : entry->batch->entries()) {
                if (const auto record = entry->batch->view_of(at); record.key) {
                    latest[*record.key] = entry->base + at.offset_delta;
                }
            }
        }
    }

    std::deque<LogEntry> out;
    Survivors survivors(out);
    for (auto entry = entries.begin(); entry != first_kept; ++entry) {
        if (!holds_records(*entry)) {
            continue;
        }
        const std::int64_t until =
            entry->tombstones_until.value_or(now + settings.delete_retention_ms);
        for (const BatchEntry& at : entry->batch->entries()) {
            const Offset offset = entry->base + at.offset_delta;
            const RecordView record = entry->batch->view_of(at);
            if (!record.key || latest[*record.key] != offset) {
                continue;
            }
            if (record.value) {
                survivors.add(offset, record, std::nullopt);
            } else if (now < until) {
                survivors.add(offset, record, until);
            }
        }
    }
    survivors.finish();
    out.insert(out.end(), first_kept, entries.end());
    return out;
}

}  // namespace millrace::testing::embedded
