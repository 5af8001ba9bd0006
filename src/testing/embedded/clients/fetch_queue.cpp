// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/fetch_queue.hpp"

#include "testing/embedded/log/statuses.hpp"

#include <algorithm>

namespace millrace::testing::embedded {
namespace {

/// Read from the log under one lock.
constexpr std::size_t kFetchBytes = 4 << 20;

}  // namespace

bool FetchQueue::attach() {
    if (topic_ != nullptr && !topic_->deleted) {
        return true;
    }
    detach();
    topic_ = cluster_.topics().find(which_.topic);
    log_ = cluster_.topics().find(which_);
    if (log_ == nullptr) {
        topic_ = nullptr;
        return false;
    }
    log_->add_watcher(waiter_);
    told_unknown_ = false;
    return true;
}

void FetchQueue::detach() {
    if (log_ != nullptr) {
        log_->remove_watcher(waiter_);
    }
    log_ = nullptr;
    topic_ = nullptr;
}

bool FetchQueue::out_of_range() const {
    return next_fetch_ < log_->start() || next_fetch_ > log_->end();
}

bool FetchQueue::truncated() const {
    return leader_epoch_ >= 0 && log_->end_of_epoch(leader_epoch_) < next_fetch_;
}

/// Why no records can be fetched from here; ok if they can.
kafka::Status FetchQueue::failure_to_read() const {
    if (truncated()) {
        const Offset end = log_->end_of_epoch(leader_epoch_);
        return {kafka::ErrorCode::kOffsetOutOfRange,
                "the log of " + to_string(which_) + " was truncated: offset " +
                    std::to_string(next_fetch_) + " was reached in leader epoch " +
                    std::to_string(leader_epoch_) +
                    (end < 0 ? ", which the log does not know"
                             : ", which ends at offset " + std::to_string(end))};
    }
    if (out_of_range()) {
        return {kafka::ErrorCode::kOffsetOutOfRange,
                "offset " + std::to_string(next_fetch_) + " is not within " +
                    std::to_string(log_->start()) + " to " + std::to_string(log_->end()) + " of " +
                    to_string(which_)};
    }
    return {};
}

FetchQueue::Refreshed FetchQueue::refresh() {
    if (!attach()) {
        if (std::exchange(told_unknown_, true)) {
            return {};
        }
        return {false, failure(kafka::ErrorCode::kUnknownTopic,
                               "no such partition: " + to_string(which_))};
    }
    if (failed_) {
        return {};
    }
    if (next_fetch_ == kafka::kFromBeginning) {
        next_fetch_ = log_->start();
    } else if (next_fetch_ == kafka::kFromEnd) {
        next_fetch_ = log_->end_for(isolation_);
    }
    if (auto status = failure_to_read(); !status.ok()) {
        failed_ = true;
        return {false, std::move(status)};
    }
    // A reader that stopped early returns for the rest: do not wait for more records first.
    const bool left_over = std::exchange(left_over_, false);
    const Offset before = seen_end_.value_or(next_fetch_);
    seen_end_ = log_->end_for(isolation_);
    if (head_ == slices_.size()) {
        fill();
    }
    return {left_over || *seen_end_ > before, {}};
}

void FetchQueue::seek(Offset offset, std::int32_t leader_epoch) {
    slices_.clear();
    head_ = 0;
    next_fetch_ = offset;
    leader_epoch_ = leader_epoch;
    seen_end_.reset();
    failed_ = false;
}

void FetchQueue::fill() {
    slices_.clear();
    head_ = 0;
    if (log_ != nullptr && !out_of_range() && !truncated()) {
        next_fetch_ = log_->fetch(next_fetch_, isolation_, kFetchBytes, slices_);
        leader_epoch_ = log_->epoch_before(next_fetch_);
        seen_end_ = log_->end_for(isolation_);
    }
}

std::size_t FetchQueue::take(FetchedSlice& slice, std::vector<kafka::Message>& out,
                             std::size_t max) {
    const RecordBatch& batch = *slice.batch;
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(max, slice.end - slice.next));
    batch.add_references(count);
    for (std::uint32_t index = slice.next; index < slice.next + count; ++index) {
        const BatchEntry& entry = batch.entry(index);
        const RecordView record = batch.view_of(entry);
        out.emplace_back(batch, &entry, record.key, record.value, timestamp_of(record.timestamp),
                         slice.base + entry.offset_delta, slice.leader_epoch);
    }
    slice.next += count;
    return count;
}

std::size_t FetchQueue::read(std::vector<kafka::Message>& out, std::size_t max) {
    const std::size_t count = read_until(out, max);
    left_over_ = head_ < slices_.size();
    return count;
}

std::size_t FetchQueue::read_until(std::vector<kafka::Message>& out, std::size_t max) {
    std::size_t read = 0;
    while (true) {
        while (read < max && head_ < slices_.size()) {
            FetchedSlice& slice = slices_[head_];
            read += take(slice, out, max - read);
            if (slice.next == slice.end) {
                slice.batch = {};
                ++head_;
            }
        }
        // Prefetching keeps position() exact: it skips markers and gaps.
        if (head_ < slices_.size() || !seen_end_ || next_fetch_ >= *seen_end_) {
            return read;
        }
        const auto lock = cluster_.lock();
        fill();
        if (slices_.empty() || read == max) {
            return read;
        }
    }
}

std::optional<Offset> FetchQueue::position() const {
    if (!seen_end_) {
        return std::nullopt;
    }
    if (head_ < slices_.size()) {
        const FetchedSlice& slice = slices_[head_];
        return slice.base + slice.batch->entry(slice.next).offset_delta;
    }
    return next_fetch_;
}

std::int32_t FetchQueue::leader_epoch() const {
    return head_ < slices_.size() ? slices_[head_].leader_epoch : leader_epoch_;
}

std::optional<std::int64_t> FetchQueue::lag() const {
    if (!seen_end_) {
        return std::nullopt;
    }
    return std::max<std::int64_t>(*seen_end_ - *position(), 0);
}

}  // namespace millrace::testing::embedded
