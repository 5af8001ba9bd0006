// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/record_queue.hpp"

#include "millrace/core/error.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

RecordQueue::RecordQueue(TopicPartition partition, std::unique_ptr<detail::SourceInput> source,
                         BadRecordListener& listener)
    : partition_(std::move(partition)), source_(std::move(source)), listener_(&listener) {}

std::vector<kafka::Message>& RecordQueue::tail() {
    if (head_ >= messages_.size() / 2) {
        passed_ = passed();
        messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
        end_ = messages_.size();
    }
    return messages_;
}

void RecordQueue::appended() {
    end_ = messages_.size();
    if (!decoded_ && !placeholder_) {
        decode_head();
    }
}

void RecordQueue::pop() {
    if (placeholder_) {
        placeholder_ = false;
    } else {
        partition_time_ = std::max(partition_time_, head_time_);
        drop_head();
    }
    decode_head();
}

void RecordQueue::clear() {
    headers_.clear();
    messages_.clear();
    head_ = end_ = 0;
    decoded_ = placeholder_ = skipped_ = false;
    passed_ = {};
}

RecordQueue::Place RecordQueue::passed() const noexcept {
    if (head_ == 0) {
        return passed_;
    }
    const kafka::Message& last = messages_[head_ - 1];
    return {last.offset() + 1, last.leader_epoch()};
}

std::optional<Offset> RecordQueue::next_offset() const noexcept {
    if (head_ < end_) {
        return messages_[head_].offset();
    }
    return passed().offset;
}

std::int32_t RecordQueue::next_leader_epoch() const noexcept {
    return head_ < end_ ? messages_[head_].leader_epoch() : passed().leader_epoch;
}

void RecordQueue::decode_head() {
    while (head_ < end_) {
        head().refer_headers(headers_);
        Timestamp time;
        try {
            time = source_->decode(source_record(), partition_time_);
        } catch (const SerdeError&) {
            listener_->on_unreadable(source_record());
            skipped_ = true;
            drop_head();
            continue;
        }
        if (time < Timestamp{}) {
            listener_->on_negative_time(source_record(), time);
            drop_head();
            continue;
        }
        head_time_ = time;
        decoded_ = true;
        skipped_ = false;
        return;
    }
    headers_.clear();
    placeholder_ = std::exchange(skipped_, false);
    head_time_ = kNoTimestamp;
}

// decode_head() must follow: the headers still belong to the message that is freed.
void RecordQueue::drop_head() {
    messages_[head_].release();
    ++head_;
    decoded_ = false;
}

detail::SourceRecord RecordQueue::source_record() const {
    return {.raw = &head().record(),
            .partition = partition_.partition,
            .topic = &partition_.topic,
            .headers = &headers_};
}

}  // namespace millrace::runtime
