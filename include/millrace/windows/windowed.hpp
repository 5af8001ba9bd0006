// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/windows/windowed_forms.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/windows/window.hpp"

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace millrace {

/// Time windows: the key's bytes and the window's start in 8 bytes, the format of Kafka Streams'
/// TimeWindowedSerializer. Deserialised windows have no end: use windowed_serde for that. Sessions:
/// the key's bytes, the end and the start, the format of Kafka Streams' SessionWindowedSerializer.
template <class K, class W>
    requires Serializable<K>
struct Serde<Windowed<K, W>> : detail::BuiltInSerde<Windowed<K, W>> {
    static void serialize_to(const Windowed<K, W>& value, Bytes& out) {
        detail::serialize_windowed(SerdeOf<K>(), value, out);
    }
    static void deserialize_into(BytesView bytes, Windowed<K, W>& out) {
        detail::deserialize_windowed(SerdeOf<K>(), std::chrono::milliseconds(0), bytes, out);
    }
};

/// The serde of windowed keys with a custom inner serde and, for time windows, the size, from which
/// the window's end is computed. The bytes are those of Serde<Windowed<K, W>>.
template <class K, class W = Window>
    requires Encodable<K>
SerdeOf<Windowed<K, W>> windowed_serde(std::chrono::milliseconds size, SerdeOf<K> inner = {}) {
    return std::make_shared<detail::WindowedSerde<K, W>>(std::move(inner), size);
}

}  // namespace millrace
