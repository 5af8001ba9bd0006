// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nullable.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace millrace {

namespace detail {

template <class Init>
struct InitialState {
    using Type = std::remove_cvref_t<Init>;
};
template <class Init>
    requires std::invocable<Init&>
struct InitialState<Init> {
    using Type = std::remove_cvref_t<std::invoke_result_t<Init&>>;
};

/// What an aggregator is first given: the initial value, or what the initial function returns. An
/// optional when that may be null.
template <class Init>
using StateOf = typename InitialState<Init>::Type;

/// What is stored.
template <class Init>
using AggregateOf = Plain<StateOf<Init>>;

template <class Init>
StateOf<Init> initial_state(Init& init) {
    if constexpr (std::invocable<Init&>) {
        return init();
    } else {
        return init;
    }
}

template <class K, class State, class V, class F>
decltype(auto) call_aggregator(F& f, const K& key, State&& state, const V& value) {
    if constexpr (std::invocable<F&, State&&, const V&>) {
        return std::invoke(f, std::forward<State>(state), value);
    } else {
        return std::invoke(f, key, std::forward<State>(state), value);
    }
}

template <class F, class K, class State, class V>
using AggregatorResult = std::remove_cvref_t<decltype(call_aggregator(
    std::declval<F&>(), std::declval<const K&>(), std::declval<State&&>(),
    std::declval<const V&>()))>;

template <class F, class K, class State, class V>
concept CallableWithState =
    std::invocable<F&, State&&, const V&> || std::invocable<F&, const K&, State&&, const V&>;

}  // namespace detail

/// An initial aggregate: a value, copied for each key, or a function that makes one.
template <class Init>
concept Initializer = std::copy_constructible<Init> && !std::is_void_v<detail::StateOf<Init>>;

/// Callable as f(aggregate, value) or f(key, aggregate, value), and returning the new aggregate, or
/// an optional of it where nothing deletes the row. It may take the old aggregate by value.
template <class F, class K, class State, class V>
concept Aggregator = detail::CallableWithState<F, K, State, V> &&
                     std::convertible_to<detail::AggregatorResult<F, K, State, V>,
                                         std::optional<detail::Plain<State>>>;

/// Makes one aggregate of two: callable as f(one, other) or f(key, one, other), returning the same
/// type.
template <class F, class K, class State>
concept SessionMerger = detail::CallableWithState<F, K, State, State> &&
                        std::convertible_to<detail::AggregatorResult<F, K, State, State>, State>;

namespace detail {

/// An aggregate on its way: where it is, without copying it when it need not be.
template <class Agg, class F, class K, class State, class V>
using NormalResult =
    std::conditional_t<kIsNullable<AggregatorResult<F, K, State, V>>, std::optional<Agg>, Agg>;

}  // namespace detail
}  // namespace millrace
