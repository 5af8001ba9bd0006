// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/ktable.hpp; include that.
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/ops/table_aggregate.hpp"
#include "millrace/detail/ops/table_transform.hpp"
#include "millrace/detail/ops/table_values.hpp"
#include "millrace/detail/processor/made_by.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

template <class K, class V, Removals kRemovals>
KStream<K, detail::StreamedValue<V, kRemovals>> KTable<K, V, kRemovals>::to_stream(
    Named options) const {
    using VOut = detail::StreamedValue<V, kRemovals>;
    const std::string name = core_.graph->name_or_new(options.name, "KTABLE-TOSTREAM-");
    detail::LogicalNode& added = core_.graph->add(
        detail::processor_node<detail::TableToStreamNode<K, V, VOut>>(name), {core_.node});
    return KStream<K, VOut>(detail::StreamCore<K, VOut>{.graph = core_.graph,
                                                        .node = &added,
                                                        .name = name,
                                                        .key_serde = core_.key_serde,
                                                        .value_serde = core_.value_serde,
                                                        .sources = core_.sources});
}

template <class K, class V, Removals kRemovals>
template <CallableWithRecord<K, detail::StreamedValue<V, kRemovals>> F>
auto KTable<K, V, kRemovals>::to_stream_by(F select, Named options) const
    -> KStream<detail::RecordResult<F, K, detail::StreamedValue<V, kRemovals>>,
               detail::StreamedValue<V, kRemovals>> {
    return to_stream(std::move(options)).select_key(std::move(select));
}

template <class K, class V, Removals kRemovals>
template <Removals kOut, class Op>
KTable<K, typename Op::Out, kOut> KTable<K, V, kRemovals>::compute(
    Op op, const char* prefix, Materialized<K, typename Op::Out> options,
    std::vector<std::string> stores) const {
    using Out = typename Op::Out;
    detail::StorePlan store =
        detail::plan_optional_store(*core_.graph, detail::untyped(options), prefix);
    const std::string name = core_.graph->name_or_new(options.name, prefix);
    detail::TableSerdes<K, Out> serdes{detail::serde_or(options.key_serde, core_.key_serde),
                                       options.value_serde};
    if constexpr (Op::kIsFilter) {
        serdes.value = detail::serde_or(options.value_serde, core_.value_serde);
    }
    store.spec.serdes = serdes;
    detail::TableOriginPtr<K, Out> origin(
        new detail::ComputedOrigin<K, V, Op>(op, store.state, serdes, core_.origin));
    auto node = detail::processor_node<detail::TableValuesNode<K, V, Op>>(name, std::move(op),
                                                                          store.state, serdes);
    if (store.state->materialized) {
        detail::require_serdes(detail::need_of_store(name, store.spec.name), serdes.key,
                               serdes.value);
        node.add_store(store.store(name));
    }
    if (store.state->materialized || options.materialize) {
        node.versioned = store.is_versioned();
    }
    node.connects = std::move(stores);
    if (Op::kIsFilter) {
        node.version_aware.push_back({core_.node, store.state});
    }
    detail::LogicalNode& added = core_.graph->add(std::move(node), {core_.node});
    auto table = detail::table_handle<K, Out>(core_.graph, added, store, serdes.key, serdes.value,
                                              core_.sources, std::move(origin));
    if (!table.history) {
        table.history = core_.history;
    }
    return KTable<K, Out, kOut>(std::move(table));
}

template <class K, class V, Removals kRemovals>
template <RecordPredicate<K, V> F>
KTable<K, V> KTable<K, V, kRemovals>::filter(F keep, Materialized<K, V> options) const {
    return compute<Removals::kPossible>(
        detail::TableFilterOp<K, V, F>(std::move(keep), detail::OnMatch::kKeep), "KTABLE-FILTER-",
        std::move(options));
}

template <class K, class V, Removals kRemovals>
template <RecordPredicate<K, V> F>
KTable<K, V> KTable<K, V, kRemovals>::filter_not(F drop, Materialized<K, V> options) const {
    return compute<Removals::kPossible>(
        detail::TableFilterOp<K, V, F>(std::move(drop), detail::OnMatch::kDrop), "KTABLE-FILTER-",
        std::move(options));
}

template <class K, class V, Removals kRemovals>
template <CallableWithRecord<K, V> F>
auto KTable<K, V, kRemovals>::map_values(
    F change, Materialized<K, detail::Plain<detail::RecordResult<F, K, V>>> options) const
    -> KTable<K, detail::Plain<detail::RecordResult<F, K, V>>,
              detail::kMappedRemovals<F, K, V, kRemovals>> {
    return compute<detail::kMappedRemovals<F, K, V, kRemovals>>(
        detail::TableMapOp<K, V, F>(std::move(change)), "KTABLE-MAPVALUES-", std::move(options));
}

template <class K, class V, Removals kRemovals>
template <ValueTransformerSupplier<K, V> F>
auto KTable<K, V, kRemovals>::transform_values(
    F make, Materialized<K, typename detail::MadeBy<F>::ValueOut> options,
    std::vector<std::string> stores) const -> KTable<K, typename detail::MadeBy<F>::ValueOut> {
    options.materialize = false;  // Takes no index, unlike filter and map_values.
    return compute<Removals::kPossible>(detail::TableTransformOp<K, V, F>(std::move(make)),
                                        "KTABLE-TRANSFORMVALUES-", std::move(options),
                                        std::move(stores));
}

template <class K, class V, Removals kRemovals>
template <RecordToPair<K, V> F>
auto KTable<K, V, kRemovals>::group_by(
    F select, Grouped<detail::Plain<typename detail::PairOf<F, K, V>::first_type>,
                      detail::Plain<typename detail::PairOf<F, K, V>::second_type>>
                  options) const
    -> KGroupedTable<detail::Plain<typename detail::PairOf<F, K, V>::first_type>,
                     detail::Plain<typename detail::PairOf<F, K, V>::second_type>> {
    using KOut = detail::Plain<typename detail::PairOf<F, K, V>::first_type>;
    using VOut = detail::Plain<typename detail::PairOf<F, K, V>::second_type>;
    const std::string name = core_.graph->name_or_new(options.name, "KTABLE-SELECT-");
    auto state = std::make_shared<detail::TableState>();
    auto node = detail::processor_node<detail::TableGroupNode<K, V, KOut, VOut, F>>(
        name, std::move(select), state);
    node.version_aware.push_back({core_.node, state});
    detail::LogicalNode& added = core_.graph->add(std::move(node), {core_.node});
    core_.origin->send_old_values(true);
    return KGroupedTable<KOut, VOut>(
        detail::TableCore<KOut, VOut>{.graph = core_.graph,
                                      .node = &added,
                                      .name = name,
                                      .key_serde = options.key_serde,
                                      .value_serde = options.value_serde,
                                      .sources = core_.sources},
        options.name);
}

template <class K, class V>
template <class Step, class Subtract>
KTable<K, typename Step::Agg> KGroupedTable<K, V>::aggregate_with(
    Step step, Subtract subtract, const char* prefix,
    Materialized<K, typename Step::Agg> options) const {
    using Agg = typename Step::Agg;
    using Change = detail::OwnedChange<V>;
    detail::LogicalGraph& graph = *core_.graph;
    detail::StorePlan store =
        detail::plan_required_store(graph, detail::untyped(options), "KTABLE-AGGREGATE-",
                                    detail::StoreKind::kTimestampedKeyValue);
    const std::string base = topic_name_.empty() ? store.spec.name : topic_name_;
    detail::require_serdes(detail::need_of_node("the repartition topic " + base + "-repartition"),
                           core_.key_serde, core_.value_serde);
    detail::RepartitionStep repartition = detail::make_repartition<K, Change>(
        graph, base, {core_.key_serde, detail::change_serde(core_.value_serde)}, {},
        detail::RepartitionNames::kOfTable, options.name);
    repartition.name_is_generated = topic_name_.empty() && store.name_is_generated;
    const std::string name = graph.name_or_new(options.name, prefix);
    if (*repartitioned_ == nullptr || topic_name_.empty()) {
        *repartitioned_ =
            &graph.add(detail::repartition_node(std::move(repartition)), {core_.node});
    } else {
        graph.add_again(**repartitioned_, *core_.node);
    }
    const detail::TableSerdes<K, Agg> serdes =
        detail::set_serdes(store, name, options, core_.key_serde);
    auto node = detail::processor_node<detail::TableAggregateNode<K, V, Step, Subtract>>(
        name, std::move(step), std::move(subtract), store.state, serdes);
    node.add_store(store.store(name));
    node.versioned = store.is_versioned();
    detail::LogicalNode& added = graph.add(std::move(node), {*repartitioned_});
    return KTable<K, Agg>(
        detail::stored_table(core_.graph, added, store, serdes, {(*repartitioned_)->name}));
}

template <class K, class V>
KTable<K, std::int64_t> KGroupedTable<K, V>::count(Materialized<K, std::int64_t> options) const
    requires Encodable<K> && Encodable<V>
{
    using Step = detail::AggregateStep<K, V, std::int64_t, detail::CountOne>;
    return aggregate_with<Step>({0, {}}, detail::SubtractOne{}, "KTABLE-AGGREGATE-",
                                std::move(options));
}

template <class K, class V>
template <Aggregator<K, V, V> Add, Aggregator<K, V, V> Subtract>
    requires Encodable<K> && Encodable<V>
KTable<K, V> KGroupedTable<K, V>::reduce(Add add, Subtract subtract,
                                         Materialized<K, V> options) const {
    options.value_serde = detail::serde_or(options.value_serde, core_.value_serde);
    using Step = detail::ReduceStep<K, V, Add>;
    return aggregate_with<Step>({std::move(add)}, std::move(subtract), "KTABLE-REDUCE-",
                                std::move(options));
}

template <class K, class V>
template <Initializer Init, Aggregator<K, detail::StateOf<Init>, V> Add,
          Aggregator<K, detail::StateOf<Init>, V> Subtract>
    requires Encodable<K> && Encodable<V> && Encodable<detail::AggregateOf<Init>>
auto KGroupedTable<K, V>::aggregate(Init initial, Add add, Subtract subtract,
                                    Materialized<K, detail::AggregateOf<Init>> options) const
    -> KTable<K, detail::AggregateOf<Init>> {
    using Step = detail::AggregateStep<K, V, Init, Add>;
    return aggregate_with<Step>({std::move(initial), std::move(add)}, std::move(subtract),
                                "KTABLE-AGGREGATE-", std::move(options));
}

}  // namespace millrace
