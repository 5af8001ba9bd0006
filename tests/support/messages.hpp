// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/message.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::support {

/// The properties of a message that a test sets.
struct MessageSpec {
    NullableOwnedBytes key{};
    NullableOwnedBytes value{};
    Timestamp timestamp = timestamp_of(0);
    Offset offset = 0;
    std::int32_t leader_epoch = -1;
    std::vector<Header> headers{};
};

/// Owns messages in memory and counts those that were not freed.
class MessageStock final : public kafka::MessageOwner {
  public:
    kafka::Message make(MessageSpec spec) const {
        auto kept = std::make_unique<MessageSpec>(std::move(spec));
        const MessageSpec& message = *kept;
        ++alive_;
        return {*this,
                kept.release(),
                message.key ? NullableBytes(*message.key) : std::nullopt,
                message.value ? NullableBytes(*message.value) : std::nullopt,
                message.timestamp,
                message.offset,
                message.leader_epoch};
    }

    void release(const void* message) const noexcept override {
        --alive_;
        delete static_cast<const MessageSpec*>(message);
    }
    void read_headers(const void* message, std::vector<Header>& out) const override {
        const auto& headers = static_cast<const MessageSpec*>(message)->headers;
        out.insert(out.end(), headers.begin(), headers.end());
    }

    /// Number of live messages.
    int alive() const noexcept { return alive_; }

  private:
    mutable int alive_ = 0;
};

/// A partition whose records, position and lag a test sets.
class FakePartitionQueue final : public kafka::PartitionQueue {
  public:
    explicit FakePartitionQueue(const MessageStock& stock) : stock_(&stock) {}

    void add(MessageSpec spec) { waiting_.push_back(stock_->make(std::move(spec))); }

    std::size_t read(std::vector<kafka::Message>& out, std::size_t max) override {
        std::size_t count = 0;
        for (; count < max && !waiting_.empty(); ++count) {
            next_ = waiting_.front().offset() + 1;
            out.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        return count;
    }
    std::optional<Offset> position() const override { return next_; }
    std::optional<std::int64_t> lag() const override { return known_lag; }

    void skip_to(Offset offset) { next_ = offset; }
    std::size_t waiting() const { return waiting_.size(); }

    std::optional<std::int64_t> known_lag = 0;

  private:
    const MessageStock* stock_;
    std::deque<kafka::Message> waiting_;
    std::optional<Offset> next_;
};

}  // namespace millrace::support
