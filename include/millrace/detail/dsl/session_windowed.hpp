// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/session_windowed_kstream.hpp; include that.
#include "millrace/detail/dsl/add_aggregate.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/ops/session_aggregate.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

template <class K, class V>
template <class Step>
auto SessionWindowedKStream<K, V>::aggregate_with(Step step, const char* prefix,
                                                  Materialized<Key, typename Step::Agg> options)
    const -> KTable<SessionWindowed<Key>, typename Step::Agg> {
    using Agg = typename Step::Agg;
    detail::LogicalGraph& graph = *core_.stream.graph;
    detail::StorePlan store = detail::plan_window_store(
        graph, detail::untyped(options), prefix, detail::StoreKind::kSession,
        windows_.default_retention(), std::chrono::milliseconds(0));
    const std::string name = graph.name_or_new(options.name, prefix);
    const detail::TableSerdes<Key, Agg> serdes =
        detail::set_serdes(store, name, options, core_.stream.key_serde);
    if (emit_ == EmitStrategy::kOnWindowClose) {
        store.spec.time_first = true;
        store.spec.caching = false;
    }
    return KTable<SessionWindowed<Key>, Agg>(
        detail::add_aggregate<detail::SessionAggregateNode<K, V, Step>>(
            core_, name, store,
            windowed_serde<Key, SessionWindow>(std::chrono::milliseconds(0), serdes.key),
            serdes.value,
            detail::TableOriginPtr<SessionWindowed<Key>, Agg>(
                new detail::SessionOrigin<Key, Agg>(store.state, serdes)),
            detail::WindowClose{.grace = windows_.default_retention(), .inclusive_ends = true},
            windows_, std::move(step), emit_, graph.flags(), store.state, serdes));
}

template <class K, class V>
auto SessionWindowedKStream<K, V>::count(Materialized<Key, std::int64_t> options) const
    -> KTable<SessionWindowed<Key>, std::int64_t>
    requires Encodable<Key>
{
    constexpr const char* kPrefix = "KSTREAM-AGGREGATE-";
    if (options.materialize && options.store.empty()) {
        core_.stream.graph->new_store_name(kPrefix);  // Kafka Streams takes this index twice.
    }
    using Step =
        detail::SessionAggregateStep<Key, V, std::int64_t, detail::CountOne, detail::AddCounts>;
    return aggregate_with<Step>({{0, {}}, {}}, kPrefix, std::move(options));
}

template <class K, class V>
template <Aggregator<detail::Plain<K>, detail::Plain<V>, V> F>
    requires Encodable<detail::Plain<K>> && Encodable<detail::Plain<V>>
auto SessionWindowedKStream<K, V>::reduce(F combine, Materialized<Key, detail::Plain<V>> options)
    const -> KTable<SessionWindowed<Key>, detail::Plain<V>> {
    options.value_serde = detail::serde_or(options.value_serde, core_.stream.value_serde);
    using Step = detail::SessionReduceStep<Key, V, F>;
    return aggregate_with<Step>({{std::move(combine)}}, "KSTREAM-REDUCE-", std::move(options));
}

template <class K, class V>
template <Initializer Init, Aggregator<detail::Plain<K>, detail::StateOf<Init>, V> F,
          SessionMerger<detail::Plain<K>, detail::StateOf<Init>> M>
    requires Encodable<detail::Plain<K>> && Encodable<detail::AggregateOf<Init>>
auto SessionWindowedKStream<K, V>::aggregate(Init initial, F add, M merge,
                                             Materialized<Key, detail::AggregateOf<Init>> options)
    const -> KTable<SessionWindowed<Key>, detail::AggregateOf<Init>> {
    using Step = detail::SessionAggregateStep<Key, V, Init, F, M>;
    return aggregate_with<Step>({{std::move(initial), std::move(add)}, std::move(merge)},
                                "KSTREAM-AGGREGATE-", std::move(options));
}

}  // namespace millrace
