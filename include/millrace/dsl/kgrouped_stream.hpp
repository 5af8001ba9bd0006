// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/dsl/grouped_core.hpp"
#include "millrace/detail/dsl/result_types.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/windows/aggregation_windows.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace millrace {

/// A grouped stream that can be aggregated. Records with a null key or value are dropped and
/// counted. A result has the latest time of its records. Has the semantics of Kafka Streams'
/// KGroupedStream.
template <class K, class V>
class KGroupedStream {
  public:
    using Key = detail::Plain<K>;
    using Value = detail::Plain<V>;

    explicit KGroupedStream(detail::GroupedCore<K, V> core) : core_(std::move(core)) {}

    /// Counts the records of each key.
    KTable<Key, std::int64_t, Removals::kNever> count(
        Materialized<Key, std::int64_t> options = {}) const
        requires Encodable<Key>;

    /// Combines the values of each key, in the order of processing; the first value is the first
    /// result. Calls combine(result, value); if it returns null, the row is deleted.
    template <Aggregator<Key, Value, Value> F>
        requires Encodable<Key> && Encodable<Value>
    auto reduce(F combine, Materialized<Key, Value> options = {}) const
        -> KTable<Key, Value, detail::kRemovalsOf<detail::AggregatorResult<F, Key, Value, Value>>>;

    /// Folds the values of each key into an aggregate of any type, starting with `initial`. If
    /// `add` returns null, the row is deleted; the next value starts again.
    template <Initializer Init, Aggregator<Key, detail::StateOf<Init>, Value> F>
        requires Encodable<Key> && Encodable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, F add, Materialized<Key, detail::AggregateOf<Init>> options) const
        -> KTable<
            Key, detail::AggregateOf<Init>,
            detail::kRemovalsOf<detail::AggregatorResult<F, Key, detail::StateOf<Init>, Value>>>;

    template <Initializer Init, Aggregator<Key, detail::StateOf<Init>, Value> F>
        requires Encodable<Key> && Serializable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, F add) const {
        return aggregate(std::move(initial), std::move(add),
                         Materialized<Key, detail::AggregateOf<Init>>{});
    }

    /// Aggregates by key and window of event time, or by key and session.
    template <AggregationWindows Windows>
    auto windowed_by(Windows windows) const ->
        typename detail::WindowedStream<K, V, Windows>::Type {
        return {core_, windows};
    }

    /// Starts an aggregate VOut of several grouped streams with the same key, each with its own
    /// aggregator.
    template <class VOut, Aggregator<Key, VOut, Value> F>
        requires Encodable<Key> && Encodable<VOut>
    CogroupedKStream<Key, VOut> cogroup(F add) const {
        return CogroupedKStream<Key, VOut>(core_.stream.graph).cogroup(*this, std::move(add));
    }

  private:
    friend detail::Access;

    detail::GroupedCore<K, V> core_;
};

/// A grouped stream in windows of fixed length. Null keys are dropped and counted; null values are
/// not: if V is optional, aggregators get them. A record that is too late for a window is dropped
/// and counted. Has the semantics of Kafka Streams' TimeWindowedKStream.
template <class K, class V, class Windows>
class TimeWindowedKStream {
  public:
    using Key = detail::Plain<K>;

    TimeWindowedKStream(detail::GroupedCore<K, V> core, Windows windows)
        : core_(std::move(core)), windows_(windows) {}

    /// When results are sent; default: each change. Unlimited windows never close.
    TimeWindowedKStream emit_strategy(EmitStrategy strategy) const
        requires(!std::same_as<Windows, UnlimitedWindows>)
    {
        TimeWindowedKStream changed = *this;
        changed.emit_ = strategy;
        return changed;
    }

    /// Counts the records of each key and window.
    auto count(Materialized<Key, std::int64_t> options = {}) const
        -> KTable<Windowed<Key>, std::int64_t, Removals::kNever>
        requires Encodable<Key>;

    /// See KGroupedStream::reduce. If the first value is null, the row is deleted.
    template <Aggregator<Key, detail::Plain<V>, detail::WindowValue<V, Windows>> F>
        requires Encodable<Key> && Encodable<detail::Plain<V>>
    auto reduce(F combine, Materialized<Key, detail::Plain<V>> options = {}) const;

    /// See KGroupedStream::aggregate.
    template <Initializer Init,
              Aggregator<Key, detail::StateOf<Init>, detail::WindowValue<V, Windows>> F>
        requires Encodable<Key> && Encodable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, F add, Materialized<Key, detail::AggregateOf<Init>> options) const;

    template <Initializer Init,
              Aggregator<Key, detail::StateOf<Init>, detail::WindowValue<V, Windows>> F>
        requires Encodable<Key> && Serializable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, F add) const {
        return aggregate(std::move(initial), std::move(add),
                         Materialized<Key, detail::AggregateOf<Init>>{});
    }

  private:
    template <class Step, Removals kRemovals>
    auto aggregate_with(Step step, const char* prefix,
                        Materialized<Key, typename Step::Agg> options) const
        -> KTable<Windowed<Key>, typename Step::Agg, kRemovals>;

    detail::GroupedCore<K, V> core_;
    Windows windows_;
    EmitStrategy emit_ = EmitStrategy::kOnWindowUpdate;
};

}  // namespace millrace

#include "millrace/detail/dsl/bodies.hpp"
