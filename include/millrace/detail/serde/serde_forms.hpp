// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace millrace {
template <class T>
struct Serde;
}

namespace millrace::detail {

template <class Given, class Wanted>
concept IsA = std::same_as<std::remove_cvref_t<Given>, Wanted>;

template <class T>
concept ReturnsBytes = requires(const T& value) {
    { Serde<T>::serialize(value) } -> IsA<Bytes>;
};
template <class T>
concept AppendsBytes = requires(const T& value, Bytes& out) { Serde<T>::serialize_to(value, out); };
template <class T>
concept FillsBuffer = requires(const T& value, Bytes& out) { Serde<T>::serialize(value, out); };

template <class T>
concept ReturnsValue = requires(BytesView bytes) {
    { Serde<T>::deserialize(bytes) } -> IsA<T>;
};
template <class T>
concept OverwritesValue =
    requires(BytesView bytes, T& out) { Serde<T>::deserialize_into(bytes, out); };
template <class T>
concept FillsValue = requires(BytesView bytes, T& out) { Serde<T>::deserialize(bytes, out); };

/// There is a Serde<T>.
template <class T>
concept HasSerde = requires { sizeof(Serde<T>); };

/// Serde<T> has `static Bytes serialize(const T&)`, or an equivalent function.
template <class T>
concept HasSerialize = ReturnsBytes<T> || AppendsBytes<T> || FillsBuffer<T>;

/// Serde<T> has `static T deserialize(BytesView)`, or an equivalent function.
template <class T>
concept HasDeserialize = ReturnsValue<T> || OverwritesValue<T> || FillsValue<T>;

/// All values take as many bytes.
template <class T>
concept HasFixedSize = requires(const T& value, char* out) {
    { Serde<T>::kSize } -> std::convertible_to<std::size_t>;
    { Serde<T>::write(value, out) } noexcept;
};

/// There is no Serde<T>, or it serialises.
template <class T>
concept HasSerializeIfAny = !HasSerde<T> || HasSerialize<T>;

/// There is no Serde<T>, or it deserialises.
template <class T>
concept HasDeserializeIfAny = !HasSerde<T> || HasDeserialize<T>;

/// Throws SerdeError: `type` has no Serde, and no custom one is set.
[[noreturn]] void serde_missing(const std::type_info& type);

template <class T>
concept Viewable = requires(const T& value) {
    { Serde<T>::view(value) } noexcept -> std::same_as<BytesView>;
};

/// Appends the bytes of `value` by Serde<T>.
template <class T>
void write_value(const T& value, Bytes& out) {
    if constexpr (AppendsBytes<T>) {
        Serde<T>::serialize_to(value, out);
    } else if constexpr (ReturnsBytes<T>) {
        out += Serde<T>::serialize(value);
    } else {
        Bytes own;
        Serde<T>::serialize(value, own);
        out += own;
    }
}

/// Overwrites `out` with the value of `bytes` by Serde<T>.
template <class T>
void read_value(BytesView bytes, T& out) {
    if constexpr (OverwritesValue<T>) {
        Serde<T>::deserialize_into(bytes, out);
    } else if constexpr (ReturnsValue<T>) {
        out = Serde<T>::deserialize(bytes);
    } else {
        T fresh{};
        Serde<T>::deserialize(bytes, fresh);
        out = std::move(fresh);
    }
}

/// Additional functions of the built-in serdes, which have the fast form: the simple form, and the
/// two names of earlier versions.
template <class T>
struct BuiltInSerde {
    using BuiltIn = void;

    static Bytes serialize(const T& value) {
        Bytes bytes;
        Serde<T>::serialize_to(value, bytes);
        return bytes;
    }
    static T deserialize(BytesView bytes) {
        T value{};
        Serde<T>::deserialize_into(bytes, value);
        return value;
    }
    static void serialize(const T& value, Bytes& out) { Serde<T>::serialize_to(value, out); }
    static void deserialize(BytesView bytes, T& out) { Serde<T>::deserialize_into(bytes, out); }
};

/// A user's serde of the fast form, which may handle its buffer and its object incorrectly.
template <class T>
inline constexpr bool kFastForm = !requires {
    typename Serde<T>::BuiltIn;
} && (AppendsBytes<T> || OverwritesValue<T> || Viewable<T> || HasFixedSize<T>);

}  // namespace millrace::detail
