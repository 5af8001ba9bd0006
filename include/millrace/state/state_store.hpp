// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/raw_record.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <string>

namespace millrace {

class Headers;

namespace detail {
struct StoreSpec;
}

/// What every state store is, whatever its kind. Owned by its task, used by the task's thread.
class StateStore {
  public:
    virtual ~StateStore() = default;

    virtual const std::string& name() const = 0;

    /// True when the store keeps its content on disk over a restart.
    virtual bool persistent() const = 0;

    /// For the library: what the store was made from; null when that is not known.
    virtual const detail::StoreSpec* specification() const { return nullptr; }
};

namespace detail {

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

}  // namespace detail
}  // namespace millrace
