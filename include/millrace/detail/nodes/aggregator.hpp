// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/serde/nullable.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace millrace::detail {

template <class Init>
struct InitialState {
    using Type = std::remove_cvref_t<Init>;
};
template <class Init>
    requires std::invocable<Init&>
struct InitialState<Init> {
    using Type = std::remove_cvref_t<std::invoke_result_t<Init&>>;
};

/// The initial argument of an aggregator: the initial value, or the result of the initial function.
/// An optional if it may be null.
template <class Init>
using StateOf = typename InitialState<Init>::Type;

/// The stored type.
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

/// The stored type, or an optional of it if the aggregator can return null.
template <class Agg, class F, class K, class State, class V>
using NormalResult =
    std::conditional_t<kIsNullable<AggregatorResult<F, K, State, V>>, std::optional<Agg>, Agg>;

}  // namespace millrace::detail
