// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of the joins of two streams in dsl/kstream.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/ops/stream_stream_join.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/state/store_engine.hpp"

#include <tuple>

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
std::pair<StreamJoinNames, StreamJoinStores> stream_join_parts(LogicalGraph& graph, JoinType type,
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

/// A join of streams: its joiner and what its nodes share.
template <class K, class V, class VOther, class Joiner>
struct StreamJoin {
    StreamCore<K, V> left{};
    StreamCore<K, VOther> right{};
    Joiner joiner;
    JoinSerdes<Plain<K>, Plain<V>, Plain<VOther>> serdes{};
    StreamJoinNames names{};
    StreamJoinStores stores{};
    StreamJoinPlan plan{};
};

/// Adds the nodes that store the records of both streams.
template <class K, class V, class VOther, class Joiner>
void add_join_windows(const StreamJoin<K, V, VOther, Joiner>& join) {
    LogicalGraph& graph = *join.left.graph;
    graph.add(processor_node<JoinWindowNode<K, V>>(join.names.this_window, join.plan.left_store,
                                                   join.serdes.key, join.serdes.left),
              {join.left.node});
    graph.add(
        processor_node<JoinWindowNode<K, VOther>>(join.names.other_window, join.plan.right_store,
                                                  join.serdes.key, join.serdes.right),
        {join.right.node});
}

/// The node of a join of streams: a step for each side and one that merges them.
template <JoinType kType, class K, class V, class VOther, class Joiner>
LogicalNode stream_join_node(const StreamJoin<K, V, VOther, Joiner>& join) {
    const StreamJoinNames& names = join.names;
    const auto clocks = std::make_shared<SharedPerTask<JoinClock>>();
    LogicalNode node;
    node.kind = LogicalKind::kStreamJoin;
    node.name = names.merge;
    node.takes_null_keys = kType != JoinType::kInner;
    node.add_step(
        processor_step(names.this_join,
                       factory_of<StreamJoinSideNode<K, V, VOther, Joiner, kType, Side::kLeft>>(
                           names.this_join, join.joiner, join.plan, join.serdes, clocks),
                       {names.this_window}));
    node.add_step(
        processor_step(names.other_join,
                       factory_of<StreamJoinSideNode<K, V, VOther, Joiner, kType, Side::kRight>>(
                           names.other_join, join.joiner, join.plan, join.serdes, clocks),
                       {names.other_window}));
    node.add_step(processor_step(names.merge,
                                 factory_of<PassThroughNode<K, typename Joiner::Out>>(names.merge),
                                 {names.this_join, names.other_join}));
    add_stores(node, names, join.stores);
    return node;
}

/// What replaces the node if the optimiser uses one store for both sides of a self-join.
template <class K, class V, class Joiner>
SelfJoinRewrite self_join_rewrite(const StreamJoin<K, V, V, Joiner>& join) {
    const StreamJoinNames& names = join.names;
    LogicalStore store{join.stores.this_store, {names.this_window, names.merge}};
    store.name_is_generated = join.stores.names_are_generated;
    SelfJoinRewrite rewrite;
    rewrite.left_window_node = names.this_window;
    rewrite.right_window_node = names.other_window;
    rewrite.steps.push_back(processor_step(
        names.merge,
        factory_of<SelfJoinNode<K, V, Joiner>>(names.merge, join.joiner, join.plan, join.serdes),
        {names.this_window}));
    rewrite.stores.push_back(std::move(store));
    return rewrite;
}

}  // namespace detail

template <class K, class V>
template <detail::JoinType kType, class VOther, class F>
auto KStream<K, V>::join_stream(const KStream<K, VOther>& other, F joiner,
                                const JoinWindows& windows,
                                StreamJoined<K, V, VOther> options) const {
    using Joiner = detail::StreamJoiner<K, detail::Plain<V>, detail::Plain<VOther>, F, kType>;
    using Out = typename Joiner::Out;
    detail::LogicalGraph& graph = *core_.graph;
    const detail::StreamCore<K, VOther>& right = detail::Access::core(other);
    detail::StreamJoin<K, V, VOther, Joiner> join{
        .joiner = {std::move(joiner)},
        .serdes = {detail::serde_or(options.key_serde, core_.key_serde),
                   detail::serde_or(options.value_serde, core_.value_serde),
                   detail::serde_or(options.other_value_serde, right.value_serde)}};
    const auto& serdes = join.serdes;
    const detail::SerdeNeed need =
        detail::need_of_node("the join of " + (options.name.empty() ? core_.name : options.name));
    detail::require_serdes(need, serdes.key, serdes.left);
    detail::require_serdes(need, serdes.key, serdes.right);
    detail::require_one_builder(graph, *right.graph, core_.name, right.name);
    join.left =
        detail::repartitioned_side<K, V>(core_, options.name, "-left", {serdes.key, serdes.left});
    join.right = detail::repartitioned_side<K, VOther>(right, options.name, "-right",
                                                       {serdes.key, serdes.right});
    const std::set<std::string> sources = detail::united(join.left.sources, join.right.sources);
    graph.copartition(sources);

    std::tie(join.names, join.stores) = detail::stream_join_parts(
        graph, kType,
        {options.name, options.store, options.engine, options.logging, options.changelog_config,
         options.this_store, options.other_store},
        windows);
    join.plan = {windows, join.stores.this_store.name, join.stores.other_store.name,
                 join.stores.unmatched ? join.stores.unmatched->name : std::string()};
    detail::add_join_windows(join);
    detail::LogicalNode node = detail::stream_join_node<kType>(join);
    if constexpr (std::same_as<V, VOther>) {
        if (core_.node == right.node) {
            node.self_join = detail::self_join_rewrite(join);
        }
    }
    detail::LogicalNode& added = graph.add(std::move(node), {join.left.node, join.right.node});
    auto result = join.left.template then<K, Out>(added, serdes.key, {});
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
