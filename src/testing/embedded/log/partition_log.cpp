// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/log/partition_log.hpp"

#include "core/check.hpp"
#include "testing/embedded/log/compaction.hpp"
#include "testing/embedded/log/statuses.hpp"
#include "testing/embedded/log/wire_size.hpp"

#include <algorithm>

namespace millrace::testing::embedded {
namespace {

/// Kafka also remembers five batches of each producer.
constexpr std::size_t kRememberedBatches = 5;

/// The minimum size before a log is compacted: smaller logs are not worth a scan.
constexpr std::size_t kLeastDirtyBytes = 4 << 20;

/// Approximate size of a record beyond its key and value, so that empty records are counted.
constexpr std::size_t kRecordOverhead = 32;

/// First entry of `batch` at or after `offset`.
std::uint32_t index_of(const RecordBatch& batch, Offset base, Offset offset) {
    if (offset <= base) {
        return 0;
    }
    const auto wanted = static_cast<std::uint64_t>(offset - base);
    const auto entries = batch.entries();
    const auto found = std::lower_bound(
        entries.begin(), entries.end(), wanted,
        [](const BatchEntry& entry, std::uint64_t delta) { return entry.offset_delta < delta; });
    return static_cast<std::uint32_t>(found - entries.begin());
}

}  // namespace

Offset PartitionLog::last_stable() const noexcept {
    Offset first = end_;
    for (const auto& [producer, offset] : open_transactions_) {
        first = std::min(first, offset);
    }
    return first;
}

kafka::Status PartitionLog::check(const RecordBatch& batch) const {
    for (const BatchEntry& entry : batch.entries()) {
        if (settings_->compact && entry.key_size < 0) {
            return failure(kafka::ErrorCode::kInvalidRecord,
                           "compacted topic needs keys: " + to_string(which_));
        }
    }
    const auto limit = static_cast<std::size_t>(settings_->max_message_bytes);
    if (wire_size_at_most(batch.count(), batch.byte_size()) > limit && wire_size(batch) > limit) {
        return failure(kafka::ErrorCode::kMessageTooLarge,
                       "batch of " + std::to_string(wire_size(batch)) +
                           " bytes is larger than max.message.bytes of the topic, " +
                           std::to_string(limit) + ": " + to_string(which_));
    }
    return {};
}

const PartitionLog::Appended* PartitionLog::find_duplicate(const ProducerStamp& stamp) const {
    const auto recent = recent_.find(stamp.producer_id);
    if (recent == recent_.end()) {
        return nullptr;
    }
    const auto found =
        std::find_if(recent->second.begin(), recent->second.end(), [&](const Appended& appended) {
            return appended.epoch == stamp.epoch && appended.sequence == stamp.sequence;
        });
    return found == recent->second.end() ? nullptr : &*found;
}

void PartitionLog::remember(const ProducerStamp& stamp, Offset base) {
    auto& recent = recent_[stamp.producer_id];
    recent.push_back({stamp.epoch, stamp.sequence, base});
    if (recent.size() > kRememberedBatches) {
        recent.erase(recent.begin());
    }
}

kafka::Result<Offset> PartitionLog::append(const BatchRef& batch, const ProducerStamp& stamp,
                                           std::int64_t now) {
    if (stamp.producer_id >= 0) {
        if (const Appended* duplicate = find_duplicate(stamp)) {
            return duplicate->base;
        }
    }
    if (auto refused = check(*batch); !refused.ok()) {
        return refused;
    }
    if (settings_->log_append_time) {
        batch->set_timestamps(now);
    }
    LogEntry entry;
    entry.batch = batch;
    entry.base = end_;
    entry.last = end_ + batch->last_delta();
    entry.producer_id = stamp.producer_id;
    entry.kind = stamp.transactional ? LogEntry::Kind::kTransactional : LogEntry::Kind::kPlain;
    entry.max_timestamp = batch->max_timestamp();
    if (stamp.producer_id >= 0) {
        remember(stamp, entry.base);
    }
    if (stamp.transactional) {
        open_transactions_.try_emplace(stamp.producer_id, entry.base);
    }
    const Offset base = entry.base;
    const std::size_t size = batch->byte_size() + batch->count() * kRecordOverhead;
    bytes_ += size;
    dirty_bytes_ += size;
    end_ = entry.last + 1;
    entries_.push_back(std::move(entry));
    compact_if_dirty(now);
    notify_watchers();
    return base;
}

void PartitionLog::end_transaction(std::int64_t producer_id, bool commit, std::int64_t now) {
    const auto open = open_transactions_.find(producer_id);
    const bool holds_records = open != open_transactions_.end();
    if (holds_records && !commit) {
        for (auto entry = entries_.rbegin();
             entry != entries_.rend() && entry->base >= open->second; ++entry) {
            if (entry->producer_id == producer_id &&
                entry->kind == LogEntry::Kind::kTransactional) {
                entry->kind = LogEntry::Kind::kAborted;
            }
        }
    }
    if (holds_records) {
        open_transactions_.erase(open);
    }
    LogEntry marker;
    marker.base = end_;
    marker.last = end_;
    marker.producer_id = producer_id;
    marker.kind = LogEntry::Kind::kMarker;
    marker.max_timestamp = now;
    entries_.push_back(std::move(marker));
    ++end_;
    notify_watchers();
}

Offset PartitionLog::fetch(Offset from, kafka::Isolation isolation, std::size_t max_bytes,
                           std::vector<FetchedSlice>& out) const {
    MILLRACE_CHECK(from >= start_);
    const Offset readable = end_for(isolation);
    auto entry =
        std::lower_bound(entries_.begin(), entries_.end(), from,
                         [](const LogEntry& at, Offset offset) { return at.last < offset; });
    std::size_t fetched = 0;
    Offset next = from;
    for (; entry != entries_.end() && entry->base < readable; ++entry) {
        const bool wanted = entry->kind != LogEntry::Kind::kMarker &&
                            (entry->kind != LogEntry::Kind::kAborted ||
                             isolation == kafka::Isolation::kReadUncommitted);
        if (wanted) {
            if (fetched >= max_bytes) {
                return next;
            }
            out.push_back({entry->batch, entry->base, index_of(*entry->batch, entry->base, from),
                           entry->batch->count(), epoch_before(entry->last + 1)});
            fetched += entry->batch->byte_size() + entry->batch->count() * kRecordOverhead;
        }
        next = entry->last + 1;
    }
    return std::max(next, readable);
}

void PartitionLog::delete_before(Offset offset) {
    MILLRACE_CHECK(offset <= end_);
    start_ = std::max(start_, offset);
    while (!entries_.empty() && entries_.front().last < start_) {
        if (const auto& batch = entries_.front().batch) {
            const std::size_t size = batch->byte_size() + batch->count() * kRecordOverhead;
            bytes_ -= std::min(bytes_, size);
            dirty_bytes_ = std::min(dirty_bytes_, bytes_);
        }
        entries_.pop_front();
    }
}

void PartitionLog::truncate(Offset offset) {
    MILLRACE_CHECK(start_ <= offset && offset <= end_);
    while (!entries_.empty() && entries_.back().last >= offset) {
        entries_.pop_back();
    }
    recount_bytes();
    std::erase_if(open_transactions_, [&](const auto& open) { return open.second >= offset; });
    for (auto& [producer, appended] : recent_) {
        std::erase_if(appended, [&](const Appended& batch) { return batch.base >= offset; });
    }
    end_ = offset;
    for (Offset& start : epoch_starts_) {
        start = std::min(start, offset);
    }
    epoch_starts_.push_back(offset);
    notify_watchers();
}

Offset PartitionLog::end_of_epoch(std::int32_t epoch) const noexcept {
    const auto next = static_cast<std::size_t>(epoch) + 1;
    if (epoch < 0 || next > epoch_starts_.size()) {
        return -1;
    }
    return next < epoch_starts_.size() ? epoch_starts_[next] : end_;
}

std::int32_t PartitionLog::epoch_before(Offset offset) const noexcept {
    const auto next = std::lower_bound(epoch_starts_.begin(), epoch_starts_.end(), offset);
    return static_cast<std::int32_t>(next - epoch_starts_.begin()) - 1;
}

void PartitionLog::recount_bytes() {
    bytes_ = 0;
    for (const LogEntry& entry : entries_) {
        if (entry.batch) {
            bytes_ += entry.batch->byte_size() + entry.batch->count() * kRecordOverhead;
        }
    }
    dirty_bytes_ = std::min(dirty_bytes_, bytes_);
}

void PartitionLog::apply_retention(std::int64_t now) {
    if (!settings_->erase) {
        return;
    }
    while (!entries_.empty() && entries_.front().last < last_stable()) {
        const LogEntry& oldest = entries_.front();
        const bool too_old =
            settings_->retention_ms && oldest.max_timestamp < now - *settings_->retention_ms;
        const bool too_much = settings_->retention_bytes &&
                              bytes_ > static_cast<std::uint64_t>(*settings_->retention_bytes) &&
                              entries_.size() > 1;
        if (!too_old && !too_much) {
            return;
        }
        delete_before(oldest.last + 1);
    }
}

void PartitionLog::compact(std::int64_t now) {
    entries_ = compacted(entries_, last_stable(), *settings_, now);
    dirty_bytes_ = 0;
    recount_bytes();
}

void PartitionLog::compact_if_dirty(std::int64_t now) {
    if (!settings_->compact || dirty_bytes_ < kLeastDirtyBytes) {
        return;
    }
    const double ratio = static_cast<double>(dirty_bytes_) / static_cast<double>(bytes_);
    if (ratio >= settings_->min_cleanable_dirty_ratio) {
        compact(now);
    }
}

}  // namespace millrace::testing::embedded
