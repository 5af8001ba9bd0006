// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/message.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/nodes/source_input.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::runtime {

/// Told of records that never become the head of their queue.
class BadRecordListener {
  public:
    virtual ~BadRecordListener() = default;

    /// To be called in a catch block. Returns when the record is to be skipped; throws otherwise.
    virtual void on_unreadable(const detail::SourceRecord& record) = 0;

    /// The timestamp extractor gave a negative time: the record is dropped.
    virtual void on_negative_time(const detail::SourceRecord& record, Timestamp extracted) = 0;
};

/// The buffered records of one input partition, in offset order. Only the head is decoded; the rest
/// stays as it came from the client.
///
/// A record that cannot be read is found out when it would become the head. When it is skipped and
/// nothing readable follows, a head without a time stands for it, so that its offset is committed
/// when the task gets there.
///
/// Memory: one array, used again; a message goes back to the client as soon as it was processed.
/// Not thread-safe.
class RecordQueue {
  public:
    /// `listener` must outlive the queue.
    RecordQueue(TopicPartition partition, std::unique_ptr<detail::SourceInput> source,
                BadRecordListener& listener);

    const TopicPartition& partition() const noexcept { return partition_; }

    std::size_t size() const noexcept { return end_ - head_ + (placeholder_ ? 1 : 0); }
    bool empty() const noexcept { return head_ == end_ && !placeholder_; }

    /// Where new messages go: append to it, then call appended().
    std::vector<kafka::Message>& tail();

    /// Takes over what was appended. Decodes the head if there was none. Throws what the listener
    /// throws; the record stays then.
    void appended();

    /// Time of the head; kNoTimestamp for a head that stands for skipped records. Requires
    /// !empty().
    Timestamp head_time() const noexcept { return head_time_; }
    bool head_is_placeholder() const noexcept { return placeholder_; }

    /// The head, its headers and its decoder. Require a head that is not a placeholder.
    const kafka::Message& head() const noexcept { return messages_[head_]; }

    /// The message that many behind the head; null when that has not been fetched.
    const kafka::Message* behind_head(std::size_t count) const noexcept {
        return head_ + count < end_ ? &messages_[head_ + count] : nullptr;
    }
    const Headers& head_headers() const noexcept { return headers_; }
    detail::SourceInput& source() noexcept { return *source_; }

    /// Lets go of the head, which was processed, and decodes the next one. Throws as appended().
    void pop();

    /// Gives all messages back unprocessed.
    void clear();

    /// Largest time of a record processed; kNoTimestamp when not known.
    Timestamp partition_time() const noexcept { return partition_time_; }
    void set_partition_time(Timestamp time) noexcept { partition_time_ = time; }

    /// Offset of the first record that was neither processed nor dropped; nothing when no record
    /// was seen since the start or clear().
    std::optional<Offset> next_offset() const noexcept;

    /// Whether a record was processed or dropped since the start or clear().
    bool advanced() const noexcept { return passed().offset.has_value(); }

    /// Leader epoch that goes with next_offset(), or -1.
    std::int32_t next_leader_epoch() const noexcept;

  private:
    struct Place {
        std::optional<Offset> offset;  // Of what follows the records processed or dropped.
        std::int32_t leader_epoch = -1;
    };

    Place passed() const noexcept;
    void decode_head();
    void drop_head();
    detail::SourceRecord source_record() const;

    TopicPartition partition_;
    std::unique_ptr<detail::SourceInput> source_;
    BadRecordListener* listener_;
    std::vector<kafka::Message> messages_;  // Before head_: given back, but for their places.
    std::size_t head_ = 0;
    std::size_t end_ = 0;  // messages_.size() without its division, which each record would pay.
    Headers headers_;
    Timestamp head_time_ = kNoTimestamp;
    Timestamp partition_time_ = kNoTimestamp;
    bool decoded_ = false;      // The message at head_ is decoded.
    bool placeholder_ = false;  // There is no message, but a head.
    bool skipped_ = false;      // An unreadable record was skipped since the last head.
    Place passed_;              // By messages that are no longer here.
};

}  // namespace millrace::runtime
