// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace millrace {

namespace detail {
template <class K, class V, class H>
struct HeldRecord;
}  // namespace detail

/// A record that owns its key, value and headers: the form in which a processor keeps a record
/// beyond the call that received it. Made by Record::copy(); forwarded as a Record is.
template <class K, class V>
using OwnedRecord = detail::HeldRecord<K, V, Headers>;

/// One record on its way through a topology: a view, like std::string_view.
///
/// The key, the value and the headers belong to the caller and live until the call that received
/// the record returns. A copy of a Record is a view of the same parts; copy() keeps the record for
/// longer. What with_value, with_key and with_headers make of a temporary owns it.
template <class K, class V>
struct Record {
    const K& key;
    const V& value;
    Timestamp timestamp;
    const Headers& headers;

    /// This record with another value; key, time and headers stay. The view refers to `other`.
    template <class VOther>
    Record<K, VOther> with_value(const VOther& other) const {
        return {key, other, timestamp, headers};
    }
    /// The same with a value that was made on the spot, which the result owns.
    template <class VOther>
        requires(!std::is_lvalue_reference_v<VOther>)
    auto with_value(VOther&& other) const {
        using Held = detail::HeldRecord<const K&, std::remove_const_t<VOther>, const Headers&>;
        return Held{key, std::forward<VOther>(other), timestamp, headers};
    }

    /// This record with another key; value, time and headers stay. The view refers to `other`.
    template <class KOther>
    Record<KOther, V> with_key(const KOther& other) const {
        return {other, value, timestamp, headers};
    }
    /// The same with a key that was made on the spot, which the result owns.
    template <class KOther>
        requires(!std::is_lvalue_reference_v<KOther>)
    auto with_key(KOther&& other) const {
        using Held = detail::HeldRecord<std::remove_const_t<KOther>, const V&, const Headers&>;
        return Held{std::forward<KOther>(other), value, timestamp, headers};
    }

    /// This record at another time.
    Record with_timestamp(Timestamp other) const { return {key, value, other, headers}; }

    /// This record with other headers. The view refers to `other`.
    Record with_headers(const Headers& other) const { return {key, value, timestamp, other}; }
    /// The same with headers that were made on the spot, which the result owns.
    auto with_headers(Headers&& other) const {
        using Held = detail::HeldRecord<const K&, const V&, Headers>;
        return Held{key, value, timestamp, std::move(other)};
    }

    /// A record that owns copies of all parts.
    OwnedRecord<K, V> copy() const { return {key, value, timestamp, headers}; }
};

/// Stands for a record whose key is absent and of no interest.
///
/// Grouping by key or joining a stream with this key type does not compile: there is nothing to
/// group or join on until `select_key` or `map` gives the record a key.
struct NoKey {
    bool operator==(const NoKey&) const = default;
    auto operator<=>(const NoKey&) const = default;
};

namespace detail {

/// How a record holds what it was given: a temporary by value, anything else by reference.
template <class T>
using HeldPart = std::conditional_t<std::is_lvalue_reference_v<T>, const std::remove_cvref_t<T>&,
                                    std::remove_cvref_t<T>>;

/// A record that owns some or all of its parts: K, V and H are each a type, which is owned, or a
/// reference. Contexts forward it as they forward the view.
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

    // Of one that stays: views of its parts, as of any record.
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

}  // namespace detail
}  // namespace millrace
