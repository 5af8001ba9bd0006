// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/error.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/serde/times.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/windows/window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace millrace::detail {

/// Number of bytes after the plain key in a serialised windowed key; 0: not a windowed key.
template <class K>
inline constexpr std::size_t kWindowSuffix = 0;
template <class K>
inline constexpr std::size_t kWindowSuffix<Windowed<K, Window>> = kTimeSize;
template <class K>
inline constexpr std::size_t kWindowSuffix<Windowed<K, SessionWindow>> = 2 * kTimeSize;

/// The plain key in a serialised windowed key. Throws SerdeError if it is too short.
inline BytesView without_window(BytesView bytes, std::size_t suffix) {
    if (bytes.size() < suffix) {
        throw SerdeError("too short for a windowed key: " + std::to_string(bytes.size()) +
                         " bytes");
    }
    return bytes.substr(0, bytes.size() - suffix);
}

template <class K>
void serialize_windowed(const SerdeOf<K>& inner, const Windowed<K>& value, Bytes& out) {
    inner.serialize(value.key, out);
    append_time(value.window.start, out);
}

/// `size` is used to compute the window's end, which is not serialised; zero: no end.
template <class K>
void deserialize_windowed(const SerdeOf<K>& inner, std::chrono::milliseconds size, BytesView bytes,
                          Windowed<K>& out) {
    const BytesView key = without_window(bytes, kTimeSize);
    inner.deserialize(key, out.key);
    out.window.start = time_at(bytes, key.size());
    out.window.end = size.count() == 0 || out.window.start > kEndOfTime - size
                         ? kEndOfTime
                         : out.window.start + size;
}

template <class K>
void serialize_windowed(const SerdeOf<K>& inner, const SessionWindowed<K>& value, Bytes& out) {
    inner.serialize(value.key, out);
    append_time(value.window.end, out);
    append_time(value.window.start, out);
}

template <class K>
void deserialize_windowed(const SerdeOf<K>& inner, std::chrono::milliseconds, BytesView bytes,
                          SessionWindowed<K>& out) {
    const BytesView key = without_window(bytes, 2 * kTimeSize);
    inner.deserialize(key, out.key);
    out.window.end = time_at(bytes, key.size());
    out.window.start = time_at(bytes, key.size() + kTimeSize);
}

template <class K, class W>
class WindowedSerde final : public FastCustomSerde<Windowed<K, W>> {
  public:
    WindowedSerde(SerdeOf<K> inner, std::chrono::milliseconds size)
        : inner_(std::move(inner)), size_(size) {}

    void serialize_to(const Windowed<K, W>& value, Bytes& out) const override {
        serialize_windowed(inner_, value, out);
    }
    void deserialize_into(BytesView bytes, Windowed<K, W>& out) const override {
        deserialize_windowed(inner_, size_, bytes, out);
    }

  private:
    SerdeOf<K> inner_;
    std::chrono::milliseconds size_;
};

}  // namespace millrace::detail
