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

/// The record at hand when a store is written, as far as stores care: kept with a cache entry, so
/// that a later flush forwards as if for the record that wrote it.
struct RecordContext {
    Timestamp timestamp = kNoTimestamp;
    Offset offset = -1;
    Partition partition = -1;
    const std::string* topic = nullptr;  ///< Null while no record is at hand (punctuators).
    const Headers* headers = nullptr;    ///< Null: none.
    const RawRecord* source = nullptr;   ///< For dead letters; null: none. Lives while processed.
};

/// Receives what a cache lets go of, one entry for each key, however often it was written.
class FlushListener {
  public:
    /// `context` is that of the last write. `old_value` is what the listener was last told for this
    /// key (or the store held); only looked up when the listener asked for old values. Keys of
    /// window and session stores are in the changelog's format (docs/formats).
    virtual void on_flush(BytesView key, const NullableBytes& new_value,
                          const NullableBytes& old_value, const RecordContext& context) = 0;

  protected:
    ~FlushListener() = default;
};

}  // namespace millrace::detail
