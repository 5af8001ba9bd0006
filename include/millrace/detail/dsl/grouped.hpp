// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/kgrouped_stream.hpp; include that.
#include "millrace/detail/dsl/aggregate_place.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/table_place.hpp"
#include "millrace/detail/ops/aggregate.hpp"
#include "millrace/detail/ops/sliding_aggregate.hpp"
#include "millrace/detail/ops/windowed_aggregate.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

namespace detail {

/// The common part of count, reduce and aggregate of a grouped stream.
template <class N, class Agg, class K, class V, class... Args>
TableCore<Plain<K>, Agg> add_plain_aggregate(const GroupedCore<K, V>& group, const char* prefix,
                                             const Materialized<Plain<K>, Agg>& options,
                                             Args... args) {
    using Key = Plain<K>;
    LogicalGraph& graph = *group.stream.graph;
    StorePlace store =
        place_store(graph, untyped(options), prefix, StoreKind::kTimestampedKeyValue);
    store.state->materialized = true;
    const std::string name = graph.name_or_new(options.name, prefix);
    const TableSerdes<Key, Agg> serdes{serde_or(options.key_serde, group.stream.key_serde),
                                       options.value_serde};
    require_serdes(need_of_own_store(name, store.spec.name), serdes.key, serdes.value);
    store.spec.serdes = serdes;
    return add_aggregate<N>(
        group, name, store, serdes.key, serdes.value,
        TableOriginPtr<Key, Agg>(new StoredOrigin<Key, Agg>(store.state, serdes)), std::nullopt,
        std::move(args)..., std::shared_ptr<const TableState>(store.state), serdes);
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
    using N = detail::AggregateNode<K, V, std::int64_t, detail::CountOne>;
    return KTable<Key, std::int64_t, Removals::kNever>(detail::add_plain_aggregate<N>(
        core_, kPrefix, options, std::int64_t{0}, detail::CountOne{}));
}

template <class K, class V>
template <Aggregator<detail::Plain<K>, detail::Plain<V>, detail::Plain<V>> F>
    requires Encodable<detail::Plain<K>> && Encodable<detail::Plain<V>>
auto KGroupedStream<K, V>::reduce(F combine, Materialized<Key, Value> options) const
    -> KTable<Key, Value, detail::kRemovalsOf<detail::AggregatorResult<F, Key, Value, Value>>> {
    options.value_serde = detail::serde_or(options.value_serde, core_.stream.value_serde);
    using N = detail::ReduceNode<K, V, F>;
    return KTable<Key, Value, detail::kRemovalsOf<detail::AggregatorResult<F, Key, Value, Value>>>(
        detail::add_plain_aggregate<N>(core_, "KSTREAM-REDUCE-", options, std::move(combine)));
}

template <class K, class V>
template <Initializer Init, Aggregator<detail::Plain<K>, detail::StateOf<Init>, detail::Plain<V>> F>
    requires Encodable<detail::Plain<K>> && Encodable<detail::AggregateOf<Init>>
auto KGroupedStream<K, V>::aggregate(Init initial, F add,
                                     Materialized<Key, detail::AggregateOf<Init>> options) const
    -> KTable<Key, detail::AggregateOf<Init>,
              detail::kRemovalsOf<detail::AggregatorResult<F, Key, detail::StateOf<Init>, Value>>> {
    using N = detail::AggregateNode<K, V, Init, F>;
    return KTable<
        Key, detail::AggregateOf<Init>,
        detail::kRemovalsOf<detail::AggregatorResult<F, Key, detail::StateOf<Init>, Value>>>(
        detail::add_plain_aggregate<N>(core_, "KSTREAM-AGGREGATE-", options, std::move(initial),
                                       std::move(add)));
}

template <class K, class V, class Windows>
template <class Step, Removals kRemovals>
auto TimeWindowedKStream<K, V, Windows>::aggregate_with(
    Step step, const char* prefix, Materialized<Key, typename Step::Agg> options) const
    -> KTable<Windowed<Key>, typename Step::Agg, kRemovals> {
    using Agg = typename Step::Agg;
    detail::LogicalGraph& graph = *core_.stream.graph;
    detail::StorePlace store = detail::place_store(graph, detail::untyped(options), prefix,
                                                   detail::StoreKind::kTimestampedWindow);
    store.state->materialized = true;
    detail::set_retention(store.spec, detail::untyped(options), windows_.default_retention(),
                          windows_.size());
    const std::string name = graph.name_or_new(options.name, prefix);
    const detail::TableSerdes<Key, Agg> serdes{
        detail::serde_or(options.key_serde, core_.stream.key_serde), options.value_serde};
    detail::require_serdes(detail::need_of_own_store(name, store.spec.name), serdes.key,
                           serdes.value);
    store.spec.serdes = serdes;
    const bool on_close = emit_ == EmitStrategy::kOnWindowClose;
    using N = std::conditional_t<std::same_as<Windows, SlidingWindows>,
                                 detail::SlidingAggregateNode<K, V, Step>,
                                 detail::WindowedAggregateNode<K, V, Windows, Step>>;
    store.spec.time_first = on_close;
    if (on_close && std::same_as<Windows, SlidingWindows>) {
        store.spec.caching = false;
    }
    return KTable<Windowed<Key>, Agg, kRemovals>(detail::add_aggregate<N>(
        core_, name, store, windowed_serde<Key>(windows_.size(), serdes.key), serdes.value,
        detail::TableOriginPtr<Windowed<Key>, Agg>(
            new detail::WindowOrigin<Key, Agg>(store.state, serdes)),
        std::optional(detail::WindowClose{windows_.grace(), std::same_as<Windows, SlidingWindows>}),
        windows_, std::move(step), on_close,
        std::shared_ptr<const detail::ProgramFlags>(graph.flags()),
        std::shared_ptr<const detail::TableState>(store.state), serdes));
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
