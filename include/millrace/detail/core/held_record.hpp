// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/record.hpp"
#include "millrace/core/time.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// How a record holds its argument: a temporary by value, anything else by reference.
template <class T>
using HeldPart = std::conditional_t<std::is_lvalue_reference_v<T>, const std::remove_cvref_t<T>&,
                                    std::remove_cvref_t<T>>;

/// A record that owns some or all of its parts: K, V and H are each a type, which is owned, or a
/// reference. Contexts forward it like a view.
template <class K, class V, class H>
struct HeldRecord {
    using View = Record<std::remove_cvref_t<K>, std::remove_cvref_t<V>>;

    K key;
    V value;
    Timestamp timestamp;
    H headers;

    /// Refers to the parts of this object.
    View view() const& noexcept { return {key, value, timestamp, headers}; }
    View view() && = delete;  // It would dangle: keep the record in a variable of type `auto`.
    operator View() const& noexcept { return view(); }  // NOLINT(google-explicit-constructor)
    operator View() && = delete;  // It would dangle: keep the record in a variable of type `auto`.

    template <class T>
    HeldRecord<K, HeldPart<T>, H> with_value(T&& other) && {
        return {std::forward<K>(key), std::forward<T>(other), timestamp, std::forward<H>(headers)};
    }
    template <class T>
    HeldRecord<HeldPart<T>, V, H> with_key(T&& other) && {
        return {std::forward<T>(other), std::forward<V>(value), timestamp,
                std::forward<H>(headers)};
    }
    HeldRecord with_timestamp(Timestamp other) && {
        return {std::forward<K>(key), std::forward<V>(value), other, std::forward<H>(headers)};
    }
    template <class T>
        requires std::same_as<std::remove_cvref_t<T>, Headers>
    HeldRecord<K, V, HeldPart<T>> with_headers(T&& other) && {
        return {std::forward<K>(key), std::forward<V>(value), timestamp, std::forward<T>(other)};
    }

    // Of an lvalue: views of its parts, as for any record.
    template <class T>
    auto with_value(T&& other) const& {
        return view().with_value(std::forward<T>(other));
    }
    template <class T>
    auto with_key(T&& other) const& {
        return view().with_key(std::forward<T>(other));
    }
    View with_timestamp(Timestamp other) const& { return view().with_timestamp(other); }
    template <class T>
        requires std::same_as<std::remove_cvref_t<T>, Headers>
    auto with_headers(T&& other) const& {
        return view().with_headers(std::forward<T>(other));
    }
};

}  // namespace millrace::detail
