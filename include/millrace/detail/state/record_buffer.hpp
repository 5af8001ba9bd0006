// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/state/bytes_store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace millrace::detail {

/// A buffered record with its original context.
struct BufferedRecord {
    BytesView key{};
    BytesView value{};
    Timestamp timestamp{};
    Offset offset = -1;
    std::string topic{};  ///< Empty: none.
    Partition partition = -1;
    Headers headers{};
};

/// Buffers records until stream time has advanced, in a key-value store, in the format of Kafka
/// Streams: docs/formats/record-buffer.md.
class RecordBuffer {
  public:
    /// `store` must outlive the buffer.
    void open(KeyValueBytesStore& store);

    /// False: older than `grace` before the latest buffered record, so it must not wait.
    bool add(const BufferedRecord& record, std::chrono::milliseconds grace);

    /// Calls `emit` with the records that are at least `grace` older than the latest one, by time,
    /// key and order of arrival, and removes each after that.
    void emit_due(std::chrono::milliseconds grace,
                  const std::function<void(const BufferedRecord&)>& emit);

  private:
    KeyValueBytesStore* store_ = nullptr;
    Timestamp latest_ = kNoTimestamp;
    Timestamp earliest_ = Timestamp::max();  ///< No buffered record is older.
    std::uint32_t last_number_ = 0;
    Bytes key_;
    Bytes value_;
};

}  // namespace millrace::detail
