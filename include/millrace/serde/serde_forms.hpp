// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace millrace {

/// Specialise this to give a type its serde: how it becomes bytes in Kafka and in stores.
///
///     template <>
///     struct millrace::Serde<Payment> {
///         static Bytes serialize(const Payment& value);
///         static Payment deserialize(BytesView bytes);  // throws SerdeError: malformed
///     };
///
/// Serialisation must be deterministic: equal values give equal bytes, as stores and joins compare
/// bytes. Any std::exception says that bytes are malformed. Null is never passed: what may be null
/// is a std::optional<Payment>, whose null has no bytes. Threads: all call both functions at once.
///
/// The fast form, for what measurements show to matter, replaces either function or both. It saves
/// an allocation for each record, and leaves two duties to its writer:
///     static void serialize_to(const Payment& value, Bytes& out);   // appends: out is not empty
///     static void deserialize_into(BytesView bytes, Payment& out);  // overwrites all of an old
///     one
/// Beside serialize_to, only where a value holds its serialised form already:
///     static BytesView view(const Payment& value) noexcept;         // what serialize_to appends
/// or only where all values take as many bytes:
///     static constexpr std::size_t kSize = ...;                     // that many
///     static void write(const Payment& value, char* out) noexcept;  // what serialize_to appends
///
/// The functions of earlier versions, serialize(value, out) and deserialize(bytes, out), are
/// accepted: they get an empty buffer and a new object each time.
///
/// millrace/testing/serde_check.hpp checks a serde; TopologyTestDriver checks those of the fast
/// form that a topology uses.
template <class T>
struct Serde;

/// A type whose serialised form always has the same size.
template <class T>
concept FixedSize = requires(const T& value, char* out) {
    { Serde<T>::kSize } -> std::convertible_to<std::size_t>;
    { Serde<T>::write(value, out) } noexcept;
};

}  // namespace millrace

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

/// Serde<T> has `static Bytes serialize(const T&)`, or a function that stands for it.
template <class T>
concept HasSerialize = ReturnsBytes<T> || AppendsBytes<T> || FillsBuffer<T>;

/// Serde<T> has `static T deserialize(BytesView)`, or a function that stands for it.
template <class T>
concept HasDeserialize = ReturnsValue<T> || OverwritesValue<T> || FillsValue<T>;

template <class T>
concept Viewable = requires(const T& value) {
    { Serde<T>::view(value) } noexcept -> std::same_as<BytesView>;
};

/// Appends what Serde<T> makes of `value`.
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

/// Overwrites `out` with what Serde<T> makes of `bytes`.
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

/// What Millrace's own serdes, written in the fast form, have besides it: what callers know from
/// other serdes, and the two names of earlier versions.
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

/// A user's serde of the fast form: what it does with its buffer and its object can be wrong.
template <class T>
inline constexpr bool kFastForm = !requires {
    typename Serde<T>::BuiltIn;
} && (AppendsBytes<T> || OverwritesValue<T> || Viewable<T> || FixedSize<T>);

}  // namespace millrace::detail
