// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/nodes/aggregator.hpp"
#include "millrace/detail/serde/nullable.hpp"

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace millrace::detail {

// How a record changes an aggregate, the same for the nodes of streams, windows, sessions and
// tables. An empty result deletes the row.

/// Of aggregate and count.
template <class K, class V, class Init, class F>
struct AggregateStep {
    using Agg = AggregateOf<Init>;
    using State = StateOf<Init>;
    using Argument = State;  ///< What aggregators accept as the aggregate.
    using Result = NormalResult<Agg, F, K, State, V>;

    Init initial;
    F aggregator;

    State start() { return initial_state(initial); }

    Result add(const K& key, State&& state, const V& value) {
        return call_aggregator(aggregator, key, std::move(state), value);
    }

    /// `old` is the stored aggregate, which may be moved from; null: there is none. `before`,
    /// unless null, gets the old value of the change: of a new row, the initial value.
    Result operator()(const K& key, Agg* old, const V& value, std::optional<Agg>* before) {
        State state = old != nullptr ? State(std::move(*old)) : start();
        if (before != nullptr) {
            if (const Agg* plain = plain_or_null(state)) {
                *before = *plain;
            }
        }
        return add(key, std::move(state), value);
    }
};

/// The step of reduce. The first value of a key is its first result.
template <class K, class V, class F>
struct ReduceStep {
    using Agg = Plain<V>;
    using State = std::optional<Agg>;
    using Argument = Agg;
    using Result =
        std::conditional_t<kIsNullable<V>, std::optional<Agg>, NormalResult<Agg, F, K, Agg, V>>;

    F reducer;

    State start() { return std::nullopt; }

    Result add(const K& key, State&& state, const V& value) {
        return (*this)(key, state ? &*state : nullptr, value, nullptr);
    }

    /// See AggregateStep; a new row has no old value.
    Result operator()(const K& key, Agg* old, const V& value, std::optional<Agg>* before) {
        if (old == nullptr) {
            return value;
        }
        if (before != nullptr) {
            *before = *old;
        }
        return call_aggregator(reducer, key, std::move(*old), value);
    }
};

/// The same with sessions: the aggregates of those that a record connects are merged into an
/// initial state, then the record is added.
template <class K, class V, class Init, class F, class M>
struct SessionAggregateStep : AggregateStep<K, V, Init, F> {
    using State = StateOf<Init>;

    M merger;

    State merge(const K& key, State&& state, AggregateOf<Init>& session) {
        return call_aggregator(merger, key, std::move(state), State(session));
    }
};

template <class K, class V, class F>
struct SessionReduceStep : ReduceStep<K, V, F> {
    using State = std::optional<Plain<V>>;

    State merge(const K& key, State&& state, Plain<V>& session) {
        if (!state) {
            return session;
        }
        return State(call_aggregator(this->reducer, key, std::move(*state), V(session)));
    }
};

/// Adds one for each record.
struct CountOne {
    template <class V>
    std::int64_t operator()(std::int64_t count, const V&) const {
        return count + 1;
    }
};

/// Subtracts one for each removed row.
struct SubtractOne {
    template <class V>
    std::int64_t operator()(std::int64_t count, const V&) const {
        return count - 1;
    }
};

/// Adds the counts of two sessions.
struct AddCounts {
    std::int64_t operator()(std::int64_t one, std::int64_t other) const { return one + other; }
};

}  // namespace millrace::detail
