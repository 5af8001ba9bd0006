// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of the joins in dsl/ktable.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/table_place.hpp"
#include "millrace/detail/ops/table_table_join.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

namespace detail {

/// One side of a join of tables, downstream of `parent`; it looks rows up in `other`.
template <class Side, class Joiner, class K, class V>
NodeSpec table_join_side(const std::string& name, const std::string& parent, const Joiner& apply,
                         const std::shared_ptr<const TableState>& result,
                         const std::shared_ptr<TableState>& side, const TableView<K, V>& other) {
    NodeSpec step = processor_step<Side>(name, apply, other.make_getter, result, side);
    step.parents = {parent};
    return step;
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
    using LeftNode = detail::TableJoinSideNode<K, V, VOther, Joiner, kType, true>;
    using RightNode = detail::TableJoinSideNode<K, V, VOther, Joiner, kType, false>;
    constexpr const char* kPrefix = "KTABLE-MERGE-";
    detail::LogicalGraph& graph = *core_.graph;
    const detail::TableCore<K, VOther>& right = detail::Access::core(other);
    detail::require_one_builder(*core_.graph, *right.graph, core_.name, right.name);

    const bool stored = detail::wants_store(
        detail::untyped(options), options.key_serde.is_custom() || options.value_serde.is_custom());
    detail::StorePlace place{std::make_shared<detail::TableState>(), {}, true};
    if (stored) {
        place = detail::place_store(graph, detail::untyped(options), kPrefix,
                                    detail::StoreKind::kTimestampedKeyValue);
        place.state->materialized = true;
    }
    const std::string name = graph.name_or_new(options.name, kPrefix);
    const std::set<std::string> sources = detail::united(core_.sources, right.sources);
    graph.copartition(sources);
    if (kType != detail::JoinType::kInner) {
        core_.origin->send_old_values(true);
    }
    if (kType == detail::JoinType::kOuter) {
        right.origin->send_old_values(true);
    }
    const Joiner apply{std::move(joiner)};
    const detail::TableView<K, V> left_view = core_.origin->view();
    const detail::TableView<K, VOther> right_view = right.origin->view();
    const std::string this_name =
        graph.suffixed_or_new(options.name, "-join-this", "KTABLE-JOINTHIS-");
    const std::string other_name =
        graph.suffixed_or_new(options.name, "-join-other", "KTABLE-JOINOTHER-");
    const std::shared_ptr<const detail::TableState> state = place.state;
    const auto left_side = std::make_shared<detail::TableState>();
    const auto right_side = std::make_shared<detail::TableState>();

    detail::NodeSpec left_step = detail::table_join_side<LeftNode>(
        this_name, core_.node->name, apply, state, left_side, right_view);
    detail::NodeSpec right_step = detail::table_join_side<RightNode>(
        other_name, right.node->name, apply, state, right_side, left_view);
    const detail::TableSerdes<K, Out> serdes{detail::serde_or(options.key_serde, core_.key_serde),
                                             options.value_serde};
    place.spec.serdes = serdes;
    detail::NodeSpec merge_step =
        detail::processor_step<detail::TableMergeNode<K, Out>>(name, state, serdes);
    merge_step.parents = {this_name, other_name};

    detail::LogicalNode node;
    node.name = name;
    node.steps = {std::move(left_step), std::move(right_step), std::move(merge_step)};
    node.connections.push_back({this_name, right_view.stores});
    node.connections.push_back({other_name, left_view.stores});
    if (stored) {
        detail::require_serdes(detail::need_of_store(name, place.spec.name), serdes.key,
                               serdes.value);
        node.add_store(place.store(name));
    }
    node.versioned = options.history.has_value();
    node.version_aware = {{core_.node, left_side}, {right.node, right_side}};
    detail::LogicalNode& added = graph.add(std::move(node), {core_.node, right.node});

    detail::TableCore<K, Out> core{core_.graph, &added, name, serdes.key, serdes.value, sources};
    core.origin.reset(new detail::JoinOrigin<K, V, VOther, Joiner>(apply, place.state, serdes,
                                                                   core_.origin, right.origin));
    core.state = place.state;
    core.queryable = stored ? place.spec.name : std::string();
    core.history = options.history;
    return KTable<K, Out>(std::move(core));
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
