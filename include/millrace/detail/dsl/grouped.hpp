// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/kgrouped_stream.hpp; include that.
#include "millrace/detail/dsl/add_aggregate.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/ops/aggregate.hpp"
#include "millrace/detail/ops/sliding_aggregate.hpp"
#include "millrace/detail/ops/windowed_aggregate.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

namespace detail {

/// The common part of count, reduce and aggregate of a grouped stream.
template <class Step, class K, class V>
TableCore<Plain<K>, typename Step::Agg> add_plain_aggregate(
    const GroupedCore<K, V>& group, Step step, const char* prefix,
    const Materialized<Plain<K>, typename Step::Agg>& options) {
    using Key = Plain<K>;
    using Agg = typename Step::Agg;
    LogicalGraph& graph = *group.stream.graph;
    StorePlan store =
        plan_required_store(graph, untyped(options), prefix, StoreKind::kTimestampedKeyValue);
    const std::string name = graph.name_or_new(options.name, prefix);
    const TableSerdes<Key, Agg> serdes = set_serdes(store, name, options, group.stream.key_serde);
    return add_aggregate<AggregateNode<K, V, Step>>(
        group, name, store, serdes.key, serdes.value,
        TableOriginPtr<Key, Agg>(new StoredOrigin<Key, Agg>(store.state, serdes)), std::nullopt,
        std::move(step), store.state, serdes);
}

}  // namespace detail

template <class K, class V>
auto KGroupedStream<K, V>::count(Materialized<Key, std::int64_t> options) const
    -> KTable<Key, std::int64_t, Removals::kNever>
    requires Encodable<Key>
{
    constexpr const char* kPrefix = "KSTREAM-AGGREGATE-";
    if (options.materialize && options.store.empty()) {
        core_.stream.graph->new_store_name(kPrefix);  // Kafka Streams takes this index twice.
    }
    using Step = detail::AggregateStep<Key, Value, std::int64_t, detail::CountOne>;
    return KTable<Key, std::int64_t, Removals::kNever>(
        detail::add_plain_aggregate<Step>(core_, {0, {}}, kPrefix, options));
}

template <class K, class V>
template <Aggregator<detail::Plain<K>, detail::Plain<V>, detail::Plain<V>> F>
    requires Encodable<detail::Plain<K>> && Encodable<detail::Plain<V>>
auto KGroupedStream<K, V>::reduce(F combine, Materialized<Key, Value> options) const
    -> KTable<Key, Value, detail::kRemovalsOf<detail::AggregatorResult<F, Key, Value, Value>>> {
    options.value_serde = detail::serde_or(options.value_serde, core_.stream.value_serde);
    using Step = detail::ReduceStep<Key, Value, F>;
    return KTable<Key, Value, detail::kRemovalsOf<detail::AggregatorResult<F, Key, Value, Value>>>(
        detail::add_plain_aggregate<Step>(core_, {std::move(combine)}, "KSTREAM-REDUCE-", options));
}

template <class K, class V>
template <Initializer Init, Aggregator<detail::Plain<K>, detail::StateOf<Init>, detail::Plain<V>> F>
    requires Encodable<detail::Plain<K>> && Encodable<detail::AggregateOf<Init>>
auto KGroupedStream<K, V>::aggregate(Init initial, F add,
                                     Materialized<Key, detail::AggregateOf<Init>> options) const
    -> KTable<Key, detail::AggregateOf<Init>,
              detail::kRemovalsOf<detail::AggregatorResult<F, Key, detail::StateOf<Init>, Value>>> {
    using Step = detail::AggregateStep<Key, Value, Init, F>;
    return KTable<
        Key, detail::AggregateOf<Init>,
        detail::kRemovalsOf<detail::AggregatorResult<F, Key, detail::StateOf<Init>, Value>>>(
        detail::add_plain_aggregate<Step>(core_, {std::move(initial), std::move(add)},
                                          "KSTREAM-AGGREGATE-", options));
}

template <class K, class V, class Windows>
template <class Step, Removals kRemovals>
auto TimeWindowedKStream<K, V, Windows>::aggregate_with(
    Step step, const char* prefix, Materialized<Key, typename Step::Agg> options) const
    -> KTable<Windowed<Key>, typename Step::Agg, kRemovals> {
    using Agg = typename Step::Agg;
    detail::LogicalGraph& graph = *core_.stream.graph;
    detail::StorePlan store = detail::plan_window_store(
        graph, detail::untyped(options), prefix, detail::StoreKind::kTimestampedWindow,
        windows_.default_retention(), windows_.size());
    const std::string name = graph.name_or_new(options.name, prefix);
    const detail::TableSerdes<Key, Agg> serdes =
        detail::set_serdes(store, name, options, core_.stream.key_serde);
    using N = std::conditional_t<std::same_as<Windows, SlidingWindows>,
                                 detail::SlidingAggregateNode<K, V, Step>,
                                 detail::WindowedAggregateNode<K, V, Windows, Step>>;
    store.spec.time_first = emit_ == EmitStrategy::kOnWindowClose;
    if (store.spec.time_first && std::same_as<Windows, SlidingWindows>) {
        store.spec.caching = false;
    }
    return KTable<Windowed<Key>, Agg, kRemovals>(detail::add_aggregate<N>(
        core_, name, store, windowed_serde<Key>(windows_.size(), serdes.key), serdes.value,
        detail::TableOriginPtr<Windowed<Key>, Agg>(
            new detail::WindowOrigin<Key, Agg>(store.state, serdes)),
        detail::WindowClose{.grace = windows_.grace(),
                            .inclusive_ends = std::same_as<Windows, SlidingWindows>},
        windows_, std::move(step), emit_, graph.flags(), store.state, serdes));
}

template <class K, class V, class Windows>
auto TimeWindowedKStream<K, V, Windows>::count(Materialized<Key, std::int64_t> options) const
    -> KTable<Windowed<Key>, std::int64_t, Removals::kNever>
    requires Encodable<Key>
{
    constexpr const char* kPrefix = "KSTREAM-AGGREGATE-";
    if (options.materialize && options.store.empty()) {
        core_.stream.graph->new_store_name(kPrefix);  // Kafka Streams takes this index twice.
    }
    using Step =
        detail::AggregateStep<Key, detail::WindowValue<V, Windows>, std::int64_t, detail::CountOne>;
    return aggregate_with<Step, Removals::kNever>({0, {}}, kPrefix, std::move(options));
}

template <class K, class V, class Windows>
template <Aggregator<detail::Plain<K>, detail::Plain<V>, detail::WindowValue<V, Windows>> F>
    requires Encodable<detail::Plain<K>> && Encodable<detail::Plain<V>>
auto TimeWindowedKStream<K, V, Windows>::reduce(F combine,
                                                Materialized<Key, detail::Plain<V>> options) const {
    using Step = detail::ReduceStep<Key, detail::WindowValue<V, Windows>, F>;
    options.value_serde = detail::serde_or(options.value_serde, core_.stream.value_serde);
    return aggregate_with<Step, detail::kRemovalsOf<typename Step::Result>>(
        {std::move(combine)}, "KSTREAM-REDUCE-", std::move(options));
}

template <class K, class V, class Windows>
template <Initializer Init,
          Aggregator<detail::Plain<K>, detail::StateOf<Init>, detail::WindowValue<V, Windows>> F>
    requires Encodable<detail::Plain<K>> && Encodable<detail::AggregateOf<Init>>
auto TimeWindowedKStream<K, V, Windows>::aggregate(
    Init initial, F add, Materialized<Key, detail::AggregateOf<Init>> options) const {
    using Step = detail::AggregateStep<Key, detail::WindowValue<V, Windows>, Init, F>;
    return aggregate_with<Step, detail::kRemovalsOf<typename Step::Result>>(
        {std::move(initial), std::move(add)}, "KSTREAM-AGGREGATE-", std::move(options));
}

}  // namespace millrace
