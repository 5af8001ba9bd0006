// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/streams_builder.hpp; include that.
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/nodes/process.hpp"
#include "millrace/detail/ops/table_source.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

namespace detail {

template <class K, class V>
NodeSpec source_of(const std::string& name, const Topics& topics, const Consumed<K, V>& options) {
    require_serdes(need_of_node("the source " + name), options.key_serde, options.value_serde);
    NodeSpec step = source_step(
        name, topics.names(),
        factory_of<SourceNode<K, V>>(
            name, SourceSettings<K, V>{options.key_serde, options.value_serde, options.timestamp}));
    step.pattern = topics.pattern();
    step.offset_reset = options.offset_reset;
    return step;
}

/// The two steps of a table that is read from a topic.
template <class K, class V>
struct TableSteps {
    std::string source;
    std::string table;
    TableSerdes<K, V> serdes;
    StorePlan store;
    LogicalNode node;
};

template <class K, class V>
TableSteps<K, V> table_steps(LogicalGraph& graph, const std::string& topic,
                             const Materialized<K, V>& options,
                             const Consumed<K, std::optional<V>>& source) {
    TableSteps<K, V> steps;
    steps.store = plan_store(graph, untyped(options), topic + "-", StoreKind::kTimestampedKeyValue);
    const std::string& given = source.name.empty() ? options.name : source.name;
    steps.source = graph.suffixed_or_new(given, "-source", "KSTREAM-SOURCE-");
    steps.table = graph.name_or_new(given, "KTABLE-SOURCE-");
    Consumed<K, std::optional<V>> consumed = source;
    consumed.key_serde = serde_or(source.key_serde, options.key_serde);
    consumed.value_serde = serde_or(source.value_serde, options.value_serde);
    steps.serdes = {consumed.key_serde, consumed.value_serde};
    steps.store.spec.serdes = steps.serdes;
    steps.node.name = steps.table;
    steps.node.add_step(source_of(steps.source, Topics(topic), consumed));
    steps.node.add_step(processor_step(steps.table,
                                       factory_of<TableSourceNode<K, std::optional<V>>>(
                                           steps.table, steps.store.state, steps.serdes),
                                       {steps.source}));
    return steps;
}

}  // namespace detail

template <class K, class V>
    requires Writable<K> && Writable<V>
KStream<K, V> StreamsBuilder::stream(Topics topics, Consumed<K, V> options) {
    const std::string name = graph_->name_or_new(options.name, "KSTREAM-SOURCE-");
    detail::LogicalNode& added = graph_->add(
        detail::single_step_node(detail::source_of(name, topics, options)), {&graph_->root()});
    return KStream<K, V>(detail::StreamCore<K, V>{.graph = graph_,
                                                  .node = &added,
                                                  .name = name,
                                                  .key_serde = options.key_serde,
                                                  .value_serde = options.value_serde,
                                                  .sources = {name}});
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
KTable<K, V> StreamsBuilder::table(std::string topic, Materialized<K, V> options,
                                   Consumed<K, std::optional<V>> source) {
    auto steps = detail::table_steps<K, V>(*graph_, topic, options, source);
    detail::LogicalStore store = steps.store.lazy_store(steps.table);
    store.reusable_topic = topic;
    steps.node.kind = detail::LogicalKind::kTableSource;
    steps.node.add_store(std::move(store));
    steps.node.versioned = steps.store.is_versioned();
    detail::LogicalNode& added = graph_->add(std::move(steps.node), {&graph_->root()});
    return KTable<K, V>(
        detail::stored_table(graph_, added, steps.store, steps.serdes, {steps.source}));
}

template <class K, class V>
    requires Encodable<K> && Encodable<V>
GlobalKTable<K, V> StreamsBuilder::global_table(std::string topic, Materialized<K, V> options,
                                                Consumed<K, std::optional<V>> source) {
    auto steps = detail::table_steps<K, V>(*graph_, topic, options, source);
    steps.store.state->materialized = true;
    if (options.history) {
        throw TopologyError("global table of topic " + topic + " cannot be versioned");
    }
    const std::string store = steps.store.spec.name;
    steps.node.kind = detail::LogicalKind::kGlobalStore;
    steps.node.add_store(steps.store.store(steps.table));
    graph_->add(std::move(steps.node), {&graph_->root()});
    return GlobalKTable<K, V>(graph_, detail::view_of_store<K, V>(store, steps.serdes), store);
}

template <class K, class V, ProcessorSupplier<K, V> F>
    requires Writable<K> && Writable<V>
StreamsBuilder& StreamsBuilder::add_global_store(const StoreDeclaration& store, std::string topic,
                                                 F make, Consumed<K, V> source) {
    const std::string source_name =
        graph_->suffixed_or_new(source.name, "-source", "KSTREAM-SOURCE-");
    const std::string processor_name = graph_->name_or_new(source.name, "KTABLE-SOURCE-");
    detail::LogicalNode node;
    node.kind = detail::LogicalKind::kGlobalStore;
    node.name = processor_name;
    node.add_step(detail::source_of(source_name, Topics(std::move(topic)), source));
    node.add_step(detail::processor_step(
        processor_name, detail::processor_factory(processor_name, std::move(make)), {source_name}));
    node.add_store({store.spec(), {processor_name}});
    graph_->add(std::move(node), {&graph_->root()});
    return *this;
}

}  // namespace millrace
