// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <utility>

namespace millrace::kafka {

/// Who keeps the memory of messages. One per client object, not one per message.
class MessageOwner : public millrace::detail::HeaderSource {
  public:
    /// Gives `message` back. Called once, from any thread.
    virtual void release(const void* message) const noexcept = 0;

  protected:
    ~MessageOwner() = default;
};

/// One consumed record, without a copy: key and value point into the client's buffers.
///
/// Lifetime: must be destroyed before the consumer that returned it. Move-only; a moved-from
/// message owns nothing.
class Message {
  public:
    Message() = default;
    Message(const MessageOwner& owner, const void* handle, NullableBytes key, NullableBytes value,
            Timestamp timestamp, Offset offset, std::int32_t leader_epoch) noexcept
        : key_(key),
          value_(value),
          timestamp_(timestamp),
          offset_(offset),
          owner_(&owner),
          handle_(handle),
          leader_epoch_(leader_epoch) {}
    Message(Message&& other) noexcept { *this = std::move(other); }
    Message& operator=(Message&& other) noexcept {
        if (this != &other) {
            release();
            key_ = other.key_;
            value_ = other.value_;
            timestamp_ = other.timestamp_;
            offset_ = other.offset_;
            owner_ = std::exchange(other.owner_, nullptr);
            handle_ = other.handle_;
            leader_epoch_ = other.leader_epoch_;
        }
        return *this;
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    ~Message() { release(); }

    const NullableBytes& key() const noexcept { return key_; }
    const NullableBytes& value() const noexcept { return value_; }

    /// kNoTimestamp when the producer gave none.
    Timestamp timestamp() const noexcept { return timestamp_; }
    Offset offset() const noexcept { return offset_; }

    /// -1 when not known.
    std::int32_t leader_epoch() const noexcept { return leader_epoch_; }

    /// Makes `headers` stand for this message's; they must not outlive it unread.
    void refer_headers(Headers& headers) const noexcept {
        if (owner_ != nullptr) {
            headers.reset(*owner_, handle_);
        } else {
            headers.clear();
        }
    }

    /// Gives its memory back to the client: key, value and headers must not be read any more.
    void release() noexcept {
        if (owner_ != nullptr) {
            owner_->release(handle_);
            owner_ = nullptr;
        }
    }

  private:
    NullableBytes key_;
    NullableBytes value_;
    Timestamp timestamp_ = kNoTimestamp;
    Offset offset_ = -1;
    const MessageOwner* owner_ = nullptr;
    const void* handle_ = nullptr;
    std::int32_t leader_epoch_ = -1;
};

}  // namespace millrace::kafka
