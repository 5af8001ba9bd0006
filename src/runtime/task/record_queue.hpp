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

/// Called for records that never become the head of their queue.
class BadRecordListener {
  public:
    virtual ~BadRecordListener() = default;

    /// Must be called in a catch block. Returns if the record is skipped; throws otherwise.
    virtual void on_unreadable(const detail::SourceRecord& record) = 0;

    /// The timestamp extractor returned a negative time: the record is dropped.
    virtual void on_negative_time(const detail::SourceRecord& record, Timestamp extracted) = 0;
};

/// The buffered records of one input partition, in offset order. Only the head is deserialised; the
/// other records stay as received from the client.
///
/// An unreadable record is detected when it would become the head. If it is skipped and no readable
/// record follows, a head without a time represents it, so that its offset is committed when the
/// task reaches it.
///
/// Memory: one reused array; a message is freed as soon as it was processed. Not thread-safe.
class RecordQueue {
  public:
    /// `listener` must outlive the queue.
    RecordQueue(TopicPartition partition, std::unique_ptr<detail::SourceInput> source,
                BadRecordListener& listener);

    const TopicPartition& partition() const noexcept { return partition_; }

    /// The topic, for the contexts of records. Lives as long as the queue, unless set_topic has
    /// replaced it by an equal text that lives longer.
    const std::string& topic() const noexcept { return *topic_; }
    void set_topic(const std::string& same) noexcept { topic_ = &same; }

    std::size_t size() const noexcept { return end_ - head_ + (placeholder_ ? 1 : 0); }
    bool empty() const noexcept { return head_ == end_ && !placeholder_; }

    /// The buffer for new messages: append to it, then call appended().
    std::vector<kafka::Message>& tail();

    /// Accepts the appended messages. Deserialises the head if there was none. Throws the
    /// listener's exceptions; the record is kept then.
    void appended();

    /// Time of the head; kNoTimestamp for a head that represents skipped records. Requires
    /// !empty().
    Timestamp head_time() const noexcept { return head_time_; }
    bool head_is_placeholder() const noexcept { return placeholder_; }

    /// The head, its headers and its decoder. Require a head that is not a placeholder.
    const kafka::Message& head() const noexcept { return messages_[head_]; }

    /// The message at that distance after the head; null if it has not been fetched.
    const kafka::Message* behind_head(std::size_t count) const noexcept {
        return head_ + count < end_ ? &messages_[head_ + count] : nullptr;
    }
    const Headers& head_headers() const noexcept { return headers_; }
    detail::SourceInput& source() noexcept { return *source_; }

    /// Removes the processed head and deserialises the next one. Throws like appended().
    void pop();

    /// Frees all messages unprocessed.
    void clear();

    /// Largest time of a processed record; kNoTimestamp if unknown.
    Timestamp partition_time() const noexcept { return partition_time_; }
    void set_partition_time(Timestamp time) noexcept { partition_time_ = time; }

    /// Offset of the first record that was neither processed nor dropped; empty if there was no
    /// record since the start or clear().
    std::optional<Offset> next_offset() const noexcept;

    /// Whether a record was processed or dropped since the start or clear().
    bool advanced() const noexcept { return passed().offset.has_value(); }

    /// Leader epoch of next_offset(), or -1.
    std::int32_t next_leader_epoch() const noexcept;

  private:
    struct Place {
        std::optional<Offset> offset;  // Of the record after the processed or dropped ones.
        std::int32_t leader_epoch = -1;
    };

    Place passed() const noexcept;
    void decode_head();
    void drop_head();
    detail::SourceRecord source_record() const;

    TopicPartition partition_;
    const std::string* topic_ = &partition_.topic;
    std::unique_ptr<detail::SourceInput> source_;
    BadRecordListener* listener_;
    std::vector<kafka::Message> messages_;  // Before head_: freed, except for their positions.
    std::size_t head_ = 0;
    // messages_.size() without its division, which would cost time for each record.
    std::size_t end_ = 0;
    Headers headers_;
    Timestamp head_time_ = kNoTimestamp;
    Timestamp partition_time_ = kNoTimestamp;
    bool decoded_ = false;      // The message at head_ is deserialised.
    bool placeholder_ = false;  // There is a head without a message.
    bool skipped_ = false;      // An unreadable record was skipped since the last head.
    Place passed_;              // Of messages that were freed.
};

}  // namespace millrace::runtime
