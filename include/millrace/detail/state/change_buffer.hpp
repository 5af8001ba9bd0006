// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/state/flush_listener.hpp"
#include "millrace/state/state_store.hpp"

#include <cstddef>
#include <string>

namespace millrace::detail {

/// A change that is held back, and the record that brought its latest form.
struct BufferedChange {
    NullableOwnedBytes prior_value{};  ///< What those below know: from before it was held back.
    NullableOwnedBytes old_value{};
    NullableOwnedBytes new_value{};  ///< Null: the row is gone.

    Timestamp timestamp = kNoTimestamp;
    Offset offset = -1;
    Partition partition = -1;
    const std::string* topic = nullptr;  ///< Lives as long as the store; null: none.
    Headers headers{};
};

/// Changes of a table that are held back (suppress), by time and key: one for each key, which keeps
/// the time it first came with. In memory, backed up in a changelog at each commit; see
/// docs/formats/suppress-buffer.md.
class ChangeBuffer : public StateStore {
  public:
    /// Adds the change of a key or replaces the one that is there. `cause` is the record at hand.
    virtual void put(Timestamp time, BytesView key, const NullableBytes& old_value,
                     const NullableBytes& new_value, const RecordContext& cause) = 0;

    virtual std::size_t records() const = 0;

    /// What the changes weigh, as Kafka Streams counts.
    virtual std::size_t bytes() const = 0;

    /// The time of the first change; Timestamp::max() when there is none.
    virtual Timestamp first_time() const = 0;

    /// The change that comes first by time and key; requires records() != 0. Live until the next
    /// change of the buffer.
    virtual BytesView first_key() const = 0;
    virtual const BufferedChange& first() const = 0;
    virtual void pop_first() = 0;

    /// Null: nothing of that key is held back. Lives until the next change of the buffer.
    virtual const BufferedChange* find(BytesView key) const = 0;
};

}  // namespace millrace::detail
