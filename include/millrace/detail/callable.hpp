// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nullable.hpp"

#include <concepts>
#include <functional>
#include <ranges>
#include <type_traits>
#include <utility>

namespace millrace {

/// Callable with a record's value, or with its key and its value.
template <class F, class K, class V>
concept CallableWithRecord = std::invocable<F&, const V&> || std::invocable<F&, const K&, const V&>;

/// A type that can be the key of a group or of a join: any but NoKey.
template <class K>
concept HasKey = !std::same_as<K, NoKey>;

/// A key or value that may be written to Kafka: its type, less a null, has a serde.
template <class T>
concept Writable = std::same_as<T, NoKey> || Serializable<detail::Plain<T>>;

namespace detail {

/// Calls `f` as f(value) if it accepts that, and as f(key, value) otherwise.
template <class K, class V, CallableWithRecord<K, V> F>
decltype(auto) call_with_record(F& f, const K& key, const V& value) {
    if constexpr (std::invocable<F&, const V&>) {
        return std::invoke(f, value);
    } else {
        return std::invoke(f, key, value);
    }
}

template <class F, class K, class V>
using RecordResult = std::remove_cvref_t<decltype(call_with_record(
    std::declval<F&>(), std::declval<const K&>(), std::declval<const V&>()))>;

template <class T>
inline constexpr bool kIsPair = false;
template <class A, class B>
inline constexpr bool kIsPair<std::pair<A, B>> = true;

}  // namespace detail

/// Callable with a record, for its effect.
template <class F, class K, class V>
concept RecordAction = CallableWithRecord<F, K, V>;

/// Callable with a record, and true or false for it.
template <class F, class K, class V>
concept RecordPredicate =
    CallableWithRecord<F, K, V> && std::convertible_to<detail::RecordResult<F, K, V>, bool>;

/// Callable with a record, and returning a std::pair: the new key and the new value.
template <class F, class K, class V>
concept RecordToPair =
    CallableWithRecord<F, K, V> && detail::kIsPair<detail::RecordResult<F, K, V>>;

/// Callable with a record, and returning a range of values for it.
template <class F, class K, class V>
concept RecordToRange =
    CallableWithRecord<F, K, V> && std::ranges::input_range<detail::RecordResult<F, K, V>>;

/// Callable with a record, and returning a range of pairs of key and value for it.
template <class F, class K, class V>
concept RecordToPairs =
    RecordToRange<F, K, V> &&
    detail::kIsPair<
        std::remove_cvref_t<std::ranges::range_reference_t<detail::RecordResult<F, K, V>>>>;

/// Callable with the values of both sides of a join, or with the key and both values.
template <class F, class K, class VThis, class VOther>
concept ValueJoiner =
    std::invocable<F&, VThis, VOther> || std::invocable<F&, const K&, VThis, VOther>;

namespace detail {

template <class K, class VThis, class VOther, ValueJoiner<K, VThis, VOther> F>
decltype(auto) call_joiner(F& f, const K& key, VThis&& mine, VOther&& other) {
    if constexpr (std::invocable<F&, VThis, VOther>) {
        return std::invoke(f, std::forward<VThis>(mine), std::forward<VOther>(other));
    } else {
        return std::invoke(f, key, std::forward<VThis>(mine), std::forward<VOther>(other));
    }
}

template <class F, class K, class V>
using PairOf = RecordResult<F, K, V>;

template <class F, class K, class V>
using ElementOf = std::ranges::range_value_t<RecordResult<F, K, V>>;

template <class F, class K, class VThis, class VOther>
using JoinResult = std::remove_cvref_t<decltype(call_joiner(
    std::declval<F&>(), std::declval<const K&>(), std::declval<VThis>(), std::declval<VOther>()))>;

}  // namespace detail
}  // namespace millrace
