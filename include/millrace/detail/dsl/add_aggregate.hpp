// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl/grouped_core.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/state/store_spec.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::detail {

template <class K, class V>
AggregateInput aggregate_input(const GroupedCore<K, V>& group, const StorePlan& store) {
    const StreamCore<K, V>& stream = group.stream;
    if (!stream.needs_repartition) {
        return {stream.node, stream.sources};
    }
    const bool is_named = !group.topic_name.empty();
    RepartitionStep step =
        make_repartition<K, V>(*stream.graph, is_named ? group.topic_name : store.spec.name,
                               {stream.key_serde, stream.value_serde});
    step.optimizable = true;
    step.name_is_generated = !is_named && store.name_is_generated;
    if (*group.repartitioned == nullptr || !is_named) {
        *group.repartitioned = &stream.graph->add(repartition_node(std::move(step)), {stream.node});
    } else {
        stream.graph->add_again(**group.repartitioned, *stream.node);
    }
    return {*group.repartitioned, {(*group.repartitioned)->name}};
}

/// Adds an aggregate's node, its store and its handle to the topology.
template <class N, class Key, class Agg, class K, class V, class... Args>
TableCore<Key, Agg> add_aggregate(const GroupedCore<K, V>& group, const std::string& name,
                                  const StorePlan& store, const SerdeOf<Key>& key_serde,
                                  const SerdeOf<Agg>& value_serde, TableOriginPtr<Key, Agg> origin,
                                  std::optional<WindowClose> closes, Args... args) {
    const AggregateInput input = aggregate_input(group, store);
    LogicalNode node = processor_node<N>(name, std::move(args)...);
    node.add_store(store.store(name));
    node.versioned = store.is_versioned();
    node.closes = closes;
    LogicalNode& added = group.stream.graph->add(std::move(node), {input.parent});
    return table_handle<Key, Agg>(group.stream.graph, added, store, key_serde, value_serde,
                                  input.sources, std::move(origin));
}

}  // namespace millrace::detail
