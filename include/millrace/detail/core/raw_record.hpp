// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstdint>

namespace millrace::detail {

/// A consumed record without headers: views of the client's buffers, and the record's position in
/// its partition. Packed, so that a message, which adds its owner, fits into one cache line.
class RawRecord {
  public:
    RawRecord() = default;
    RawRecord(const NullableBytes& key, const NullableBytes& value, Timestamp timestamp,
              Offset offset, std::int32_t leader_epoch) noexcept
        : key_(key ? key->data() : nullptr),
          value_(value ? value->data() : nullptr),
          timestamp_(timestamp),
          offset_(offset),
          key_size_(size_of(key)),
          value_size_(size_of(value)),
          leader_epoch_(leader_epoch) {}

    NullableBytes key() const noexcept { return view(key_, key_size_); }
    NullableBytes value() const noexcept { return view(value_, value_size_); }

    /// kNoTimestamp if the producer set none.
    Timestamp timestamp() const noexcept { return timestamp_; }
    Offset offset() const noexcept { return offset_; }

    /// -1 if unknown.
    std::int32_t leader_epoch() const noexcept { return leader_epoch_; }

  private:
    static constexpr std::int32_t kNull = -1;  // As in Kafka's protocol, where sizes have 32 bits.

    static std::int32_t size_of(const NullableBytes& bytes) noexcept {
        return bytes ? static_cast<std::int32_t>(bytes->size()) : kNull;
    }
    static NullableBytes view(const char* bytes, std::int32_t size) noexcept {
        if (size == kNull) {
            return std::nullopt;
        }
        return BytesView(bytes, static_cast<std::size_t>(size));
    }

    const char* key_ = nullptr;
    const char* value_ = nullptr;
    Timestamp timestamp_ = kNoTimestamp;
    Offset offset_ = -1;
    std::int32_t key_size_ = kNull;
    std::int32_t value_size_ = kNull;
    std::int32_t leader_epoch_ = -1;
};

}  // namespace millrace::detail
