// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/record.hpp"
#include "millrace/serde/serde.hpp"

#include <optional>
#include <type_traits>

namespace millrace::detail {

/// Whether a record's key or value type allows null, and its type without null.
template <class T>
struct Nullability {
    static constexpr bool kNullable = false;
    using Plain = T;
};

template <class T>
struct Nullability<std::optional<T>> {
    static constexpr bool kNullable = true;
    using Plain = T;
};

template <class T>
using Plain = typename Nullability<T>::Plain;

template <class T>
inline constexpr bool kIsNullable = Nullability<T>::kNullable;

/// The value of `value`, or null.
template <class T>
const Plain<T>* plain_or_null(const T& value) {
    if constexpr (kIsNullable<T>) {
        return value ? &*value : nullptr;
    } else {
        return &value;
    }
}

/// The serialised form, in `buffer` or in `value` itself; null for a null and for NoKey.
template <class T>
NullableBytes write_nullable(const SerdeOf<Plain<T>>& serde, const T& value, Bytes& buffer) {
    if constexpr (std::is_same_v<T, NoKey>) {
        return std::nullopt;
    } else {
        const Plain<T>* plain = plain_or_null(value);
        if (plain == nullptr) {
            return std::nullopt;
        }
        return serde.bytes_of(*plain, buffer);
    }
}

/// Deserialises `bytes` into `out`, reusing its memory. False if the bytes are null and T does not
/// allow null; `out` is unspecified then. Throws SerdeError.
template <class T>
bool read_nullable(const SerdeOf<Plain<T>>& serde, const NullableBytes& bytes, T& out) {
    if constexpr (std::is_same_v<T, NoKey>) {
        return true;
    } else if constexpr (kIsNullable<T>) {
        if (!bytes) {
            out.reset();
            return true;
        }
        if (!out) {
            out.emplace();
        }
        serde.deserialize(*bytes, *out);
        return true;
    } else {
        if (!bytes) {
            return false;
        }
        serde.deserialize(*bytes, out);
        return true;
    }
}

}  // namespace millrace::detail
