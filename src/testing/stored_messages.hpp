// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/message.hpp"
#include "millrace/testing/test_record.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::testing {

/// Owns the memory of messages that did not come from a broker: each owns its record.
class StoredMessages final : public kafka::MessageOwner {
  public:
    kafka::Message make(BytesRecord record, Offset offset) const {
        auto stored = std::make_unique<BytesRecord>(std::move(record));
        const BytesRecord& kept = *stored;
        return {*this,
                stored.release(),
                kept.key ? NullableBytes(*kept.key) : std::nullopt,
                kept.value ? NullableBytes(*kept.value) : std::nullopt,
                kept.timestamp.value_or(kNoTimestamp),
                offset,
                -1};
    }

    void release(const void* message) const noexcept override {
        delete static_cast<const BytesRecord*>(message);
    }

    void read_headers(const void* message, std::vector<Header>& out) const override {
        const Headers& headers = static_cast<const BytesRecord*>(message)->headers;
        out.insert(out.end(), headers.begin(), headers.end());
    }
};

/// A partition in memory, always read to its end.
class StoredPartition final : public kafka::PartitionQueue {
  public:
    /// `messages` must outlive the partition.
    explicit StoredPartition(const StoredMessages& messages) : messages_(&messages) {}

    /// Returns the record's offset.
    Offset append(BytesRecord record) {
        waiting_.push_back(messages_->make(std::move(record), end_));
        return end_++;
    }

    std::size_t read(std::vector<kafka::Message>& out, std::size_t max) override {
        std::size_t count = 0;
        for (; count < max && !waiting_.empty(); ++count) {
            out.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        return count;
    }
    std::optional<Offset> position() const override {
        return end_ - static_cast<Offset>(waiting_.size());
    }
    std::optional<std::int64_t> lag() const override {
        return static_cast<std::int64_t>(waiting_.size());
    }

  private:
    const StoredMessages* messages_;
    std::deque<kafka::Message> waiting_;
    Offset end_ = 0;
};

}  // namespace millrace::testing
