// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/core/raw_record.hpp"

#include <utility>

namespace millrace::kafka {

/// Owns the memory of messages. One per client, not one per message.
class MessageOwner : public millrace::detail::HeaderSource {
  public:
    /// Frees `message`. Called once, from any thread.
    virtual void release(const void* message) const noexcept = 0;

  protected:
    ~MessageOwner() = default;
};

/// One consumed record. Not a copy: key and value point into the client's buffers.
///
/// Lifetime: must be destroyed before the consumer that returned it. Move-only; a moved-from
/// message is empty.
class Message {
  public:
    Message() = default;
    Message(const MessageOwner& owner, const void* handle, const NullableBytes& key,
            const NullableBytes& value, Timestamp timestamp, Offset offset,
            std::int32_t leader_epoch) noexcept
        : record_(key, value, timestamp, offset, leader_epoch), owner_(&owner), handle_(handle) {}
    Message(Message&& other) noexcept { *this = std::move(other); }
    Message& operator=(Message&& other) noexcept {
        if (this != &other) {
            release();
            record_ = other.record_;
            owner_ = std::exchange(other.owner_, nullptr);
            handle_ = other.handle_;
        }
        return *this;
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    ~Message() { release(); }

    const millrace::detail::RawRecord& record() const noexcept { return record_; }
    NullableBytes key() const noexcept { return record_.key(); }
    NullableBytes value() const noexcept { return record_.value(); }
    Timestamp timestamp() const noexcept { return record_.timestamp(); }
    Offset offset() const noexcept { return record_.offset(); }
    std::int32_t leader_epoch() const noexcept { return record_.leader_epoch(); }

    /// Makes `headers` read this message's headers. The message must outlive `headers`.
    void refer_headers(Headers& headers) const noexcept {
        if (owner_ != nullptr) {
            headers.reset(*owner_, handle_);
        } else {
            headers.clear();
        }
    }

    /// Frees the memory. Key, value and headers must not be read afterwards.
    void release() noexcept {
        if (owner_ != nullptr) {
            owner_->release(handle_);
            owner_ = nullptr;
        }
    }

  private:
    millrace::detail::RawRecord record_;
    const MessageOwner* owner_ = nullptr;
    const void* handle_ = nullptr;
};

}  // namespace millrace::kafka
