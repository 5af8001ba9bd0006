// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/detail/state/stored_value.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/value_timestamp_headers.hpp"

namespace millrace::detail {

/// Appends headers in the stored format, docs/formats/stored-headers.md: their size, then, unless
/// there are none, their number and each one's key and value, with sizes and number as zigzag
/// varints.
void append_stored_headers(const Headers& headers, Bytes& out);

/// Removes the headers, without their size, from the front of a stored row. Throws SerdeError if
/// they are truncated.
BytesView take_stored_headers(BytesView& row);

/// Appends the result of take_stored_headers to `out`. Throws SerdeError if it is malformed.
void read_stored_headers(BytesView bytes, Headers& out);

/// Whether a store's values have their own headers.
template <class V>
inline constexpr bool kKeepsHeaders = false;
template <class V>
inline constexpr bool kKeepsHeaders<ValueTimestampHeaders<V>> = true;

template <class V>
struct StoredValue<ValueTimestampHeaders<V>> {
    using Serde = SerdeOf<V>;
    using Plain = V;
    static constexpr bool kTimestamped = true;

    static void write(const Serde& serde, const ValueTimestampHeaders<V>& value, Bytes& out) {
        append_stored_headers(value.headers, out);
        append_time(value.timestamp, out);
        serde.serialize(value.value, out);
    }
    static void read(const Serde& serde, BytesView bytes, ValueTimestampHeaders<V>& out) {
        out.headers.clear();
        read_stored_headers(take_stored_headers(bytes), out.headers);
        out.timestamp = take_time(bytes);
        serde.deserialize(bytes, out.value);
    }
};

}  // namespace millrace::detail
