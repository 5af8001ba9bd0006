// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of the joins of two streams in dsl/kstream.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/ops/stream_stream_join.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/state/store_engine.hpp"

namespace millrace {

namespace detail {

/// Names and stores of a join of streams.
struct StreamJoinNames {
    std::string this_window;
    std::string other_window;
    std::string this_join;
    std::string other_join;
    std::string merge;
};

struct StreamJoinStores {
    StoreSpec this_store;
    StoreSpec other_store;
    std::optional<StoreSpec> unmatched;
    bool names_are_generated = false;
};

/// StreamJoined without its types.
struct StreamJoinOptions {
    std::string name;
    std::string store;
    StoreEngine engine;
    bool logging;
    std::map<std::string, std::string> changelog_config;
    std::optional<StoreSpec> this_store;
    std::optional<StoreSpec> other_store;
};

/// Takes five indices. Throws TopologyError if the user's stores do not fit `windows`.
std::pair<StreamJoinNames, StreamJoinStores> place_stream_join(LogicalGraph& graph, JoinType type,
                                                               const StreamJoinOptions& options,
                                                               const JoinWindows& windows);

/// Connects `node`, both join nodes and their upstream nodes with the stores.
void add_stores(LogicalNode& node, const StreamJoinNames& names, const StreamJoinStores& stores);

/// The stream after a repartition topic, if it needs one.
template <class K, class V>
StreamCore<K, V> repartitioned_side(const StreamCore<K, V>& side, const std::string& join_name,
                                    const char* suffix, const RepartitionSerdes<K, V>& serdes) {
    if (!side.needs_repartition) {
        return side;
    }
    return repartition_for_join<K, V>(side, join_name.empty() ? side.name : join_name + suffix,
                                      serdes);
}

}  // namespace detail

template <class K, class V>
template <detail::JoinType kType, class VOther, class F>
auto KStream<K, V>::join_stream(const KStream<K, VOther>& other, F joiner,
                                const JoinWindows& windows,
                                StreamJoined<K, V, VOther> options) const {
    using Key = detail::Plain<K>;
    using Left = detail::Plain<V>;
    using Right = detail::Plain<VOther>;
    using Joiner = detail::StreamJoiner<K, Left, Right, F, kType>;
    using Out = typename Joiner::Out;
    using detail::JoinType;
    detail::LogicalGraph& graph = *core_.graph;
    const detail::JoinSerdes<Key, Left, Right> serdes{
        detail::serde_or(options.key_serde, core_.key_serde),
        detail::serde_or(options.value_serde, core_.value_serde),
        detail::serde_or(options.other_value_serde, detail::Access::core(other).value_serde)};
    const std::string shown = options.name.empty() ? core_.name : options.name;
    detail::require_serdes(detail::need_of_node("the join of " + shown), serdes.key, serdes.left);
    detail::require_serdes(detail::need_of_node("the join of " + shown), serdes.key, serdes.right);
    detail::require_one_builder(*core_.graph, *detail::Access::core(other).graph, core_.name,
                                detail::Access::core(other).name);
    const bool is_self_join = core_.node == detail::Access::core(other).node;
    const auto left =
        detail::repartitioned_side<K, V>(core_, options.name, "-left", {serdes.key, serdes.left});
    const auto right = detail::repartitioned_side<K, VOther>(
        detail::Access::core(other), options.name, "-right", {serdes.key, serdes.right});
    const std::set<std::string> sources = detail::united(left.sources, right.sources);
    graph.copartition(sources);

    const auto [names, stores] = detail::place_stream_join(
        graph, kType,
        {options.name, options.store, options.engine, options.logging, options.changelog_config,
         options.this_store, options.other_store},
        windows);
    const detail::StreamJoinPlan plan{windows, stores.this_store.name, stores.other_store.name,
                                      stores.unmatched ? stores.unmatched->name : std::string()};
    graph.add(detail::processor_node<detail::JoinWindowNode<K, V>>(
                  names.this_window, stores.this_store.name, serdes.key, serdes.left),
              {left.node});
    graph.add(detail::processor_node<detail::JoinWindowNode<K, VOther>>(
                  names.other_window, stores.other_store.name, serdes.key, serdes.right),
              {right.node});

    const Joiner apply{std::move(joiner)};
    const auto clocks = std::make_shared<detail::SharedPerTask<detail::JoinClock>>();
    detail::LogicalNode node;
    node.kind = detail::LogicalKind::kStreamJoin;
    node.name = names.merge;
    node.takes_null_keys = kType != JoinType::kInner;
    auto this_step =
        detail::processor_step<detail::StreamJoinSideNode<K, V, VOther, Joiner, kType, true>>(
            names.this_join, apply, plan, serdes, clocks);
    this_step.parents = {names.this_window};
    auto other_step =
        detail::processor_step<detail::StreamJoinSideNode<K, V, VOther, Joiner, kType, false>>(
            names.other_join, apply, plan, serdes, clocks);
    other_step.parents = {names.other_window};
    auto merge_step = detail::processor_step<detail::PassThroughNode<K, Out>>(names.merge);
    merge_step.parents = {names.this_join, names.other_join};
    node.steps = {std::move(this_step), std::move(other_step), std::move(merge_step)};
    detail::add_stores(node, names, stores);
    if constexpr (std::same_as<V, VOther>) {
        if (is_self_join) {
            auto self_step = detail::processor_step<detail::SelfJoinNode<K, V, Joiner>>(
                names.merge, apply, plan, serdes);
            self_step.parents = {names.this_window};
            detail::LogicalStore store{stores.this_store, {names.this_window, names.merge}};
            store.name_is_generated = stores.names_are_generated;
            node.self_join = detail::SelfJoinRewrite{
                names.this_window, names.other_window, {std::move(self_step)}, {std::move(store)}};
        }
    }
    detail::LogicalNode& added = graph.add(std::move(node), {left.node, right.node});
    detail::StreamCore<K, Out> result{core_.graph, &added, names.merge};
    result.key_serde = serdes.key;
    result.sources = sources;
    return KStream<K, Out>(std::move(result));
}

template <class K, class V>
template <class VOther, ValueJoiner<K, const detail::Plain<V>&, const detail::Plain<VOther>&> F>
    requires HasKey<K> && Writable<K> && Writable<V> && Writable<VOther>
auto KStream<K, V>::join(const KStream<K, VOther>& other, F joiner, JoinWindows windows,
                         StreamJoined<K, V, VOther> options) const
    -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const detail::Plain<VOther>&>> {
    return join_stream<detail::JoinType::kInner>(other, std::move(joiner), windows,
                                                 std::move(options));
}

template <class K, class V>
template <class VOther, ValueJoiner<K, const detail::Plain<V>&, const detail::Plain<VOther>*> F>
    requires HasKey<K> && Writable<K> && Writable<V> && Writable<VOther>
auto KStream<K, V>::left_join(const KStream<K, VOther>& other, F joiner, JoinWindows windows,
                              StreamJoined<K, V, VOther> options) const
    -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const detail::Plain<VOther>*>> {
    return join_stream<detail::JoinType::kLeft>(other, std::move(joiner), windows,
                                                std::move(options));
}

template <class K, class V>
template <class VOther, ValueJoiner<K, const detail::Plain<V>*, const detail::Plain<VOther>*> F>
    requires HasKey<K> && Writable<K> && Writable<V> && Writable<VOther>
auto KStream<K, V>::outer_join(const KStream<K, VOther>& other, F joiner, JoinWindows windows,
                               StreamJoined<K, V, VOther> options) const
    -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>*, const detail::Plain<VOther>*>> {
    return join_stream<detail::JoinType::kOuter>(other, std::move(joiner), windows,
                                                 std::move(options));
}

}  // namespace millrace
