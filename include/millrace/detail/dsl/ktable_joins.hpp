// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of the joins in dsl/ktable.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/ops/table_table_join.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

namespace detail {

/// A join of tables: its joiner and what both sides and the merge share.
template <class K, class V, class VOther, class Joiner>
struct TableJoin {
    using Out = typename Joiner::Out;

    const TableCore<K, V>& left;
    const TableCore<K, VOther>& right;
    Joiner joiner;
    std::string name{};
    StorePlan store{};
    TableSerdes<K, Out> serdes{};
};

/// The node of a join of tables: a step for each side and one that merges them.
template <JoinType kType, class K, class V, class VOther, class Joiner>
LogicalNode table_join_node(const TableJoin<K, V, VOther, Joiner>& join, const std::string& given) {
    LogicalGraph& graph = *join.left.graph;
    const TableView<K, V> left_view = join.left.origin->view();
    const TableView<K, VOther> right_view = join.right.origin->view();
    const std::string this_name = graph.suffixed_or_new(given, "-join-this", "KTABLE-JOINTHIS-");
    const std::string other_name = graph.suffixed_or_new(given, "-join-other", "KTABLE-JOINOTHER-");
    const auto left_state = std::make_shared<TableState>();
    const auto right_state = std::make_shared<TableState>();

    LogicalNode node;
    node.name = join.name;
    node.add_step(processor_step(
        this_name,
        factory_of<TableJoinSideNode<K, V, VOther, Joiner, kType, Side::kLeft>>(
            this_name, join.joiner, right_view.make_getter, join.store.state, left_state),
        {join.left.node->name}));
    node.add_step(processor_step(
        other_name,
        factory_of<TableJoinSideNode<K, V, VOther, Joiner, kType, Side::kRight>>(
            other_name, join.joiner, left_view.make_getter, join.store.state, right_state),
        {join.right.node->name}));
    node.add_step(processor_step(join.name,
                                 factory_of<TableMergeNode<K, typename Joiner::Out>>(
                                     join.name, join.store.state, join.serdes),
                                 {this_name, other_name}));
    node.connections = {{this_name, right_view.stores}, {other_name, left_view.stores}};
    node.versioned = join.store.is_versioned();
    node.version_aware = {{join.left.node, left_state}, {join.right.node, right_state}};
    return node;
}

}  // namespace detail

template <class K, class V, Removals kRemovals>
template <detail::JoinType kType, class VOther, Removals kOther, class F>
auto KTable<K, V, kRemovals>::join_table(
    const KTable<K, VOther, kOther>& other, F joiner,
    Materialized<K, detail::TableJoinResult<kType, F, K, V, VOther>> options) const
    -> KTable<K, detail::TableJoinResult<kType, F, K, V, VOther>> {
    using Joiner = detail::TableJoiner<K, V, VOther, F, kType>;
    using Out = typename Joiner::Out;
    constexpr const char* kPrefix = "KTABLE-MERGE-";
    detail::LogicalGraph& graph = *core_.graph;
    const detail::TableCore<K, VOther>& right = detail::Access::core(other);
    detail::require_one_builder(*core_.graph, *right.graph, core_.name, right.name);

    const bool stored = detail::wants_store(
        detail::untyped(options), options.key_serde.is_custom() || options.value_serde.is_custom());
    detail::TableJoin<K, V, VOther, Joiner> join{core_, right, {std::move(joiner)}};
    if (stored) {
        join.store = detail::plan_required_store(graph, detail::untyped(options), kPrefix,
                                                 detail::StoreKind::kTimestampedKeyValue);
    } else {
        join.store.state = std::make_shared<detail::TableState>();
    }
    join.name = graph.name_or_new(options.name, kPrefix);
    const std::set<std::string> sources = detail::united(core_.sources, right.sources);
    graph.copartition(sources);
    if (kType != detail::JoinType::kInner) {
        core_.origin->send_old_values(true);
    }
    if (kType == detail::JoinType::kOuter) {
        right.origin->send_old_values(true);
    }
    join.serdes = {detail::serde_or(options.key_serde, core_.key_serde), options.value_serde};
    join.store.spec.serdes = join.serdes;
    detail::LogicalNode node = detail::table_join_node<kType>(join, options.name);
    if (stored) {
        detail::require_serdes(detail::need_of_store(join.name, join.store.spec.name),
                               join.serdes.key, join.serdes.value);
        node.add_store(join.store.store(join.name));
    }
    detail::LogicalNode& added = graph.add(std::move(node), {core_.node, right.node});

    detail::TableOriginPtr<K, Out> origin(new detail::JoinOrigin<K, V, VOther, Joiner>(
        join.joiner, join.store.state, join.serdes, core_.origin, right.origin));
    auto table = detail::table_handle<K, Out>(core_.graph, added, join.store, join.serdes.key,
                                              join.serdes.value, sources, std::move(origin));
    table.queryable = join.store.spec.name;  // Under a generated name, too.
    return KTable<K, Out>(std::move(table));
}

template <class K, class V, Removals kRemovals>
template <class VOther, Removals kOther, ValueJoiner<K, const V&, const VOther&> F>
auto KTable<K, V, kRemovals>::join(
    const KTable<K, VOther, kOther>& other, F joiner,
    Materialized<K, detail::TableJoinResult<detail::JoinType::kInner, F, K, V, VOther>> options)
    const -> KTable<K, detail::TableJoinResult<detail::JoinType::kInner, F, K, V, VOther>> {
    return join_table<detail::JoinType::kInner>(other, std::move(joiner), std::move(options));
}

template <class K, class V, Removals kRemovals>
template <class VOther, Removals kOther, ValueJoiner<K, const V&, const VOther*> F>
auto KTable<K, V, kRemovals>::left_join(
    const KTable<K, VOther, kOther>& other, F joiner,
    Materialized<K, detail::TableJoinResult<detail::JoinType::kLeft, F, K, V, VOther>> options)
    const -> KTable<K, detail::TableJoinResult<detail::JoinType::kLeft, F, K, V, VOther>> {
    return join_table<detail::JoinType::kLeft>(other, std::move(joiner), std::move(options));
}

template <class K, class V, Removals kRemovals>
template <class VOther, Removals kOther, ValueJoiner<K, const V*, const VOther*> F>
auto KTable<K, V, kRemovals>::outer_join(
    const KTable<K, VOther, kOther>& other, F joiner,
    Materialized<K, detail::TableJoinResult<detail::JoinType::kOuter, F, K, V, VOther>> options)
    const -> KTable<K, detail::TableJoinResult<detail::JoinType::kOuter, F, K, V, VOther>> {
    return join_table<detail::JoinType::kOuter>(other, std::move(joiner), std::move(options));
}

}  // namespace millrace
