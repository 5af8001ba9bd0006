// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/record.hpp"
#include "millrace/detail/nodes/aggregator.hpp"
#include "millrace/detail/nodes/callable.hpp"
#include "millrace/detail/serde/nullable.hpp"
#include "millrace/serde/serde.hpp"

#include <concepts>
#include <optional>
#include <ranges>
#include <type_traits>

namespace millrace {

/// Callable with a record's value, or with its key and its value.
template <class F, class K, class V>
concept CallableWithRecord = std::invocable<F&, const V&> || std::invocable<F&, const K&, const V&>;

/// A type that can be the key of a group or of a join: any type except NoKey.
template <class K>
concept HasKey = !std::same_as<K, NoKey>;

/// A key or value that may be written to Kafka: its type without null has a serde, or options can
/// set one.
template <class T>
concept Writable = Encodable<detail::Plain<T>>;

/// Callable with a record; the result is ignored.
template <class F, class K, class V>
concept RecordAction = CallableWithRecord<F, K, V>;

/// Callable with a record; returns a bool.
template <class F, class K, class V>
concept RecordPredicate =
    CallableWithRecord<F, K, V> && std::convertible_to<detail::RecordResult<F, K, V>, bool>;

/// Callable with a record; returns a std::pair of the new key and the new value.
template <class F, class K, class V>
concept RecordToPair =
    CallableWithRecord<F, K, V> && detail::kIsPair<detail::RecordResult<F, K, V>>;

/// Callable with a record; returns a range of values.
template <class F, class K, class V>
concept RecordToRange =
    CallableWithRecord<F, K, V> && std::ranges::input_range<detail::RecordResult<F, K, V>>;

/// Callable with a record; returns a range of pairs of key and value.
template <class F, class K, class V>
concept RecordToPairs =
    RecordToRange<F, K, V> &&
    detail::kIsPair<
        std::remove_cvref_t<std::ranges::range_reference_t<detail::RecordResult<F, K, V>>>>;

/// Callable with the values of both sides of a join, or with the key and both values.
template <class F, class K, class VThis, class VOther>
concept ValueJoiner =
    std::invocable<F&, VThis, VOther> || std::invocable<F&, const K&, VThis, VOther>;

/// An initial aggregate: a value, copied for each key, or a function that makes one.
template <class Init>
concept Initializer = std::copy_constructible<Init> && !std::is_void_v<detail::StateOf<Init>>;

/// Callable as f(aggregate, value) or f(key, aggregate, value). Returns the new aggregate, or an
/// optional of it; null deletes the row. May take the old aggregate by value.
template <class F, class K, class State, class V>
concept Aggregator = detail::CallableWithState<F, K, State, V> &&
                     std::convertible_to<detail::AggregatorResult<F, K, State, V>,
                                         std::optional<detail::Plain<State>>>;

/// Merges two aggregates: callable as f(one, other) or f(key, one, other), returning the same type.
template <class F, class K, class State>
concept SessionMerger = detail::CallableWithState<F, K, State, State> &&
                        std::convertible_to<detail::AggregatorResult<F, K, State, State>, State>;

}  // namespace millrace
