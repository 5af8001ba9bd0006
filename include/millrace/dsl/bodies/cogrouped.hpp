// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/cogrouped_kstream.hpp; include that.
#include "millrace/detail/ops/aggregate.hpp"
#include "millrace/detail/ops/windowed_aggregate.hpp"
#include "millrace/dsl/bodies.hpp"
#include "millrace/dsl/bodies/grouped.hpp"
#include "millrace/dsl/bodies/table_place.hpp"

namespace millrace {

template <class K, class VOut>
template <class KIn, class V, Aggregator<K, VOut, detail::Plain<V>> F>
    requires std::same_as<detail::Plain<KIn>, K>
CogroupedKStream<K, VOut> CogroupedKStream<K, VOut>::cogroup(const KGroupedStream<KIn, V>& group,
                                                             F add) const {
    using Input = detail::CogroupInput<K, VOut>;
    using Initial = typename Input::Initial;
    using State = typename Input::State;
    using Serdes = detail::TableSerdes<K, VOut>;
    Input input;
    input.key_serde = group.core().stream.key_serde;
    input.sources = group.core().stream.sources;
    input.place = [core = group.core()](const detail::StorePlace& store) {
        return detail::place_aggregate(core, store);
    };
    input.make_plain = [add](const std::string& name, Initial initial, State state, Serdes serdes) {
        return detail::processor_step<detail::AggregateNode<KIn, V, Initial, F>>(
            name, std::move(initial), add, std::move(state), std::move(serdes));
    };
    if constexpr (Aggregator<F, K, VOut, V>) {
        input.make_windowed = [add, flags = std::shared_ptr<const detail::ProgramFlags>(
                                        graph_->flags())](const std::string& name,
                                                          TimeWindows windows, Initial initial,
                                                          State state, Serdes serdes) {
            using Step = detail::AggregateStep<K, V, Initial, F>;
            return detail::processor_step<detail::WindowedAggregateNode<KIn, V, TimeWindows, Step>>(
                name, windows, Step{std::move(initial), add}, false, flags, std::move(state),
                std::move(serdes));
        };
    }
    CogroupedKStream result = *this;
    result.inputs_.push_back(std::move(input));
    return result;
}

namespace detail {

/// Adds the nodes of a cogroup: one for each stream, which share a store, and one where they meet.
/// `make` makes the step of one stream.
template <class KTableKey, class K, class VOut, class Make>
TableCore<KTableKey, VOut> add_cogroup(LogicalGraph& graph, std::shared_ptr<LogicalGraph> owner,
                                       const std::vector<CogroupInput<K, VOut>>& inputs,
                                       const std::string& given, const StorePlace& store,
                                       std::optional<std::chrono::milliseconds> grace, Make make) {
    std::vector<LogicalNode*> above;
    std::set<std::string> sources;
    for (const auto& input : inputs) {
        const AggregatePlace place = input.place(store);
        above.push_back(place.parent);
        sources = united(std::move(sources), place.sources);
    }
    graph.copartition(sources);
    std::vector<LogicalNode*> aggregates;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        LogicalNode node;
        node.name = graph.suffixed_or_new(given, "-cogroup-agg-" + std::to_string(i),
                                          "COGROUPKSTREAM-AGGREGATE-");
        node.steps.push_back(make(inputs[i], node.name));
        LogicalStore shared = store.store(node.name);
        shared.shared = true;
        node.stores.push_back(std::move(shared));
        node.versioned = store.spec.kind == StoreKind::kVersionedKeyValue;
        node.grace = grace;
        aggregates.push_back(&graph.add(std::move(node), {above[i]}));
    }
    const std::string name =
        graph.suffixed_or_new(given, "-cogroup-merge", "COGROUPKSTREAM-MERGE-");
    LogicalNode& merged =
        graph.add(processor_node<PassThroughNode<KTableKey, Change<VOut>>>(name), aggregates);
    TableCore<KTableKey, VOut> core{std::move(owner), &merged, name};
    core.sources = sources;
    core.state = store.state;
    core.queryable = store.name_is_generated ? std::string() : store.spec.name;
    return core;
}

}  // namespace detail

template <class K, class VOut>
template <Initializer Init>
KTable<K, VOut> CogroupedKStream<K, VOut>::aggregate(Init initial,
                                                     Materialized<K, VOut> options) const {
    const detail::StorePlace store =
        detail::place_store(*graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-",
                            detail::StoreKind::kTimestampedKeyValue);
    store.state->materialized = true;
    const detail::TableSerdes<K, VOut> serdes{
        detail::serde_or(options.key_serde, inputs_.front().key_serde), options.value_serde};
    auto core = detail::add_cogroup<K>(
        *graph_, graph_, inputs_, options.name, store, std::nullopt,
        [&](const detail::CogroupInput<K, VOut>& input, const std::string& name) {
            return input.make_plain(
                name, [initial]() mutable -> VOut { return detail::initial_state(initial); },
                store.state, serdes);
        });
    core.key_serde = serdes.key;
    core.value_serde = serdes.value;
    core.origin = std::make_shared<detail::StoredOrigin<K, VOut>>(store.state, serdes);
    core.history = options.history;
    return KTable<K, VOut>(std::move(core));
}

template <class K, class VOut>
template <Initializer Init>
KTable<Windowed<K>, VOut> TimeWindowedCogroupedKStream<K, VOut>::aggregate(
    Init initial, Materialized<K, VOut> options) const {
    detail::StorePlace store =
        detail::place_store(*graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-",
                            detail::StoreKind::kTimestampedWindow);
    store.state->materialized = true;
    detail::set_retention(store.spec, detail::untyped(options), windows_.default_retention(),
                          windows_.size());
    const detail::TableSerdes<K, VOut> serdes{
        detail::serde_or(options.key_serde, inputs_.front().key_serde), options.value_serde};
    auto core = detail::add_cogroup<Windowed<K>>(
        *graph_, graph_, inputs_, options.name, store, windows_.grace(),
        [&](const detail::CogroupInput<K, VOut>& input, const std::string& name) {
            if (!input.make_windowed) {
                throw TopologyError(
                    "cogroup " + name +
                    ": an aggregator cannot take the null values that windows pass on");
            }
            return input.make_windowed(
                name, windows_,
                [initial]() mutable -> VOut { return detail::initial_state(initial); }, store.state,
                serdes);
        });
    core.key_serde = windowed_serde<K>(windows_.size(), serdes.key);
    core.value_serde = serdes.value;
    core.origin = std::make_shared<detail::WindowOrigin<K, VOut>>(store.state, serdes);
    return KTable<Windowed<K>, VOut>(std::move(core));
}

}  // namespace millrace
