// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/serde/nullable.hpp"

#include <concepts>
#include <functional>
#include <ranges>
#include <type_traits>
#include <utility>

namespace millrace::detail {

/// Accepts a value, or a key and a value.
template <class F, class K, class V>
concept AcceptsRecord = std::invocable<F&, const V&> || std::invocable<F&, const K&, const V&>;

/// Accepts the values of both sides of a join, or the key and both values.
template <class F, class K, class VThis, class VOther>
concept AcceptsBothSides =
    std::invocable<F&, VThis, VOther> || std::invocable<F&, const K&, VThis, VOther>;

/// Calls `f` as f(value) if it accepts that, and as f(key, value) otherwise.
template <class K, class V, class F>
    requires AcceptsRecord<F, K, V>
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

/// What a filter does with the records for which its predicate is true.
enum class OnMatch { kKeep, kDrop };

template <class T>
inline constexpr bool kIsPair = false;
template <class A, class B>
inline constexpr bool kIsPair<std::pair<A, B>> = true;

template <class K, class VThis, class VOther, class F>
    requires AcceptsBothSides<F, K, VThis, VOther>
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

}  // namespace millrace::detail
