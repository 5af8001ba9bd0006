// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/state/bytes_store.hpp"

#include <chrono>
#include <functional>

namespace millrace::detail {

class TaskContext;

/// The shared state of the two sides of a left or outer stream join.
struct JoinClock {
    Timestamp stream_time = kNoTimestamp;
    Timestamp min_time = Timestamp::max();  ///< No unmatched record is older.
    Timestamp next_emit{};                  ///< Wall clock.
};

/// The windows of a join for its unmatched records.
struct UnmatchedWindows {
    std::chrono::milliseconds before{0};
    std::chrono::milliseconds after{0};
    std::chrono::milliseconds grace{0};
};

/// An unmatched record: a view.
struct Unmatched {
    Timestamp timestamp{};
    bool is_left = false;
    BytesView key{};
    BytesView value{};
};

/// Unmatched records of both sides of a left or outer stream join, in one key-value store, in the
/// format of Kafka Streams (docs/formats): time, side, key; a list of values.
class UnmatchedStore {
  public:
    void open(KeyValueBytesStore& store) noexcept { store_ = &store; }
    bool is_open() const noexcept { return store_ != nullptr; }

    void add(Timestamp timestamp, bool is_left, BytesView key, BytesView value);

    /// Removes the records of that time, side and key, because they found a match.
    void erase(Timestamp timestamp, bool is_left, BytesView key);

    /// Calls `emit` with those whose window has closed, by time, right before left, by key, then
    /// removes them.
    void emit_closed(JoinClock& clock, const UnmatchedWindows& windows,
                     const std::function<void(const Unmatched&)>& emit);

  private:
    void make_key(Timestamp timestamp, bool is_left, BytesView key);

    KeyValueBytesStore* store_ = nullptr;
    Bytes key_;
    Bytes list_;
};

/// The minimum interval between searches for unmatched records.
std::chrono::milliseconds unmatched_emit_interval(const TaskContext& context);

}  // namespace millrace::detail
