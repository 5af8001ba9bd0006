// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/detail/serde/times.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/value_and_timestamp.hpp"

namespace millrace::detail {

/// How a store's values are serialised.
template <class V>
struct StoredValue {
    using Serde = SerdeOf<V>;
    using Plain = V;
    static constexpr bool kTimestamped = false;

    static void write(const Serde& serde, const V& value, Bytes& out) {
        serde.serialize(value, out);
    }
    static void read(const Serde& serde, BytesView bytes, V& out) { serde.deserialize(bytes, out); }
};

template <class V>
struct StoredValue<ValueAndTimestamp<V>> {
    using Serde = SerdeOf<V>;
    using Plain = V;
    static constexpr bool kTimestamped = true;

    static void write(const Serde& serde, const ValueAndTimestamp<V>& value, Bytes& out) {
        append_time(value.timestamp, out);
        serde.serialize(value.value, out);
    }
    static void read(const Serde& serde, BytesView bytes, ValueAndTimestamp<V>& out) {
        out.timestamp = take_time(bytes);
        serde.deserialize(bytes, out.value);
    }
};

}  // namespace millrace::detail
