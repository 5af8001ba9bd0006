// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/core/raw_record.hpp"

#include <string>

namespace millrace {
class Headers;
}

namespace millrace::detail {

/// The context of a write, as far as stores need it: kept with a cache entry, so that a later flush
/// forwards with the context of the record that wrote it.
struct RecordContext {
    Timestamp timestamp = kNoTimestamp;
    Offset offset = -1;
    Partition partition = -1;
    const std::string* topic = nullptr;  ///< Null if no record is being processed (punctuators).
    const Headers* headers = nullptr;    ///< Null: none.
    const RawRecord* source = nullptr;   ///< For dead letters; null: none. Valid during processing.
};

/// Receives flushed cache entries, one for each key, however often it was written.
class FlushListener {
  public:
    /// `context` is that of the last write. `old_value` is the last new value that the listener got
    /// for this key (or the stored value); only looked up if the listener requests old values. Keys
    /// of window and session stores have the changelog's format (docs/formats).
    virtual void on_flush(BytesView key, const NullableBytes& new_value,
                          const NullableBytes& old_value, const RecordContext& context) = 0;

  protected:
    ~FlushListener() = default;
};

}  // namespace millrace::detail
