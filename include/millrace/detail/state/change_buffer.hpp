// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/state/state_store.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace millrace::detail {

/// The headers and the timestamps of the records that wrote values of a buffered change, each as
/// docs/formats/stored-headers.md, then docs/formats/suppress-buffer.md describe. Empty: of no
/// value.
struct ValueOrigins {
    Bytes prior{};
    Bytes old{};
};

/// A buffered change, and the record that caused its latest form.
struct BufferedChange {
    NullableOwnedBytes prior_value{};  ///< The prior value: what downstream nodes have seen.
    NullableOwnedBytes old_value{};
    NullableOwnedBytes new_value{};  ///< Null: the row was deleted.

    Timestamp timestamp = kNoTimestamp;
    Offset offset = -1;
    Partition partition = -1;
    const std::string* topic = nullptr;  ///< Lives as long as the store; null: none.
    Headers headers{};

    std::shared_ptr<const ValueOrigins> origins{};  ///< Null: dsl.store.format is not "headers".
};

/// Buffered changes of a table (suppress), by time and key: one for each key, with the time of its
/// first change. In memory, logged to a changelog at each commit; see
/// docs/formats/suppress-buffer.md.
class ChangeBuffer : public StateStore {
  public:
    /// Adds or replaces the change of a key. `cause` is the current record.
    virtual void put(Timestamp time, BytesView key, const NullableBytes& old_value,
                     const NullableBytes& new_value, const RecordContext& cause) = 0;

    virtual std::size_t records() const = 0;

    /// The size of the changes, counted as in Kafka Streams.
    virtual std::size_t bytes() const = 0;

    /// The time of the first change; Timestamp::max() if there is none.
    virtual Timestamp first_time() const = 0;

    /// The first change by time and key; requires records() != 0. Valid until the next change of
    /// the buffer.
    virtual BytesView first_key() const = 0;
    virtual const BufferedChange& first() const = 0;
    virtual void pop_first() = 0;

    /// Null: no change of that key is buffered. Valid until the next change of the buffer.
    virtual const BufferedChange* find(BytesView key) const = 0;
};

}  // namespace millrace::detail
