// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/cogrouped_kstream.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/grouped.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/table_place.hpp"
#include "millrace/detail/ops/aggregate.hpp"
#include "millrace/detail/ops/session_aggregate.hpp"
#include "millrace/detail/ops/sliding_aggregate.hpp"
#include "millrace/detail/ops/windowed_aggregate.hpp"
#include "millrace/detail/state/store_spec.hpp"

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
    input.key_serde = detail::Access::core(group).stream.key_serde;
    input.sources = detail::Access::core(group).stream.sources;
    input.place = [core = detail::Access::core(group)](const detail::StorePlace& store) {
        return detail::place_aggregate(core, store);
    };
    input.make_plain = [add](const std::string& name, Initial initial, State state, Serdes serdes) {
        return detail::processor_step<detail::AggregateNode<KIn, V, Initial, F>>(
            name, std::move(initial), add, std::move(state), std::move(serdes));
    };
    const std::shared_ptr<const detail::ProgramFlags> flags = graph_->flags();
    const auto make_windowed = [&]<class N, class Step, class Windows>() {
        return [add, flags](const std::string& name, Windows windows, Initial initial, State state,
                            Serdes serdes) {
            return detail::processor_step<N>(name, windows, Step{std::move(initial), add}, false,
                                             flags, std::move(state), std::move(serdes));
        };
    };
    using Sliding = detail::AggregateStep<K, detail::Plain<V>, Initial, F>;
    std::get<2>(input.make_windowed).make =
        make_windowed.template
        operator()<detail::SlidingAggregateNode<KIn, V, Sliding>, Sliding, SlidingWindows>();
    if constexpr (Aggregator<F, K, VOut, V>) {
        using Step = detail::AggregateStep<K, V, Initial, F>;
        std::get<0>(input.make_windowed).make = make_windowed.template operator()<
            detail::WindowedAggregateNode<KIn, V, TimeWindows, Step>, Step, TimeWindows>();
        std::get<1>(input.make_windowed).make =
            make_windowed
                .template operator()<detail::WindowedAggregateNode<KIn, V, UnlimitedWindows, Step>,
                                     Step, UnlimitedWindows>();
        input.make_session = [add, flags](const std::string& name, SessionWindows windows,
                                          Initial initial, typename Input::Merge merge, State state,
                                          Serdes serdes) {
            using OfSession = detail::SessionAggregateStep<K, V, Initial, F, typename Input::Merge>;
            return detail::processor_step<detail::SessionAggregateNode<KIn, V, OfSession>>(
                name, windows, OfSession{std::move(initial), add, std::move(merge)}, false, flags,
                std::move(state), std::move(serdes));
        };
    }
    CogroupedKStream result = *this;
    result.inputs_.push_back(std::move(input));
    return result;
}

namespace detail {

/// Adds the nodes of a cogroup: one for each stream, which share a store, and one that merges them.
/// `make` creates the step of one stream.
template <class KTableKey, class K, class VOut, class Make>
TableCore<KTableKey, VOut> add_cogroup(LogicalGraph& graph, std::shared_ptr<LogicalGraph> owner,
                                       const std::vector<CogroupInput<K, VOut>>& inputs,
                                       const std::string& given, const StorePlace& store,
                                       std::optional<WindowClose> closes, Make make) {
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
        node.add_step(make(inputs[i], node.name));
        LogicalStore shared = store.store(node.name);
        shared.shared = true;
        node.add_store(std::move(shared));
        node.versioned = store.spec.kind == StoreKind::kVersionedKeyValue;
        node.closes = closes;
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
    detail::StorePlace store =
        detail::place_store(*graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-",
                            detail::StoreKind::kTimestampedKeyValue);
    store.state->materialized = true;
    const detail::TableSerdes<K, VOut> serdes{
        detail::serde_or(options.key_serde, inputs_.front().key_serde), options.value_serde};
    detail::require_serdes(detail::need_of_own_store("the cogroup", store.spec.name), serdes.key,
                           serdes.value);
    store.spec.serdes = serdes;
    auto core = detail::add_cogroup<K>(
        *graph_, graph_, inputs_, options.name, store, std::nullopt,
        [&](const detail::CogroupInput<K, VOut>& input, const std::string& name) {
            return input.make_plain(
                name, [initial]() mutable -> VOut { return detail::initial_state(initial); },
                store.state, serdes);
        });
    core.key_serde = serdes.key;
    core.value_serde = serdes.value;
    core.origin.reset(new detail::StoredOrigin<K, VOut>(store.state, serdes));
    core.history = options.history;
    return KTable<K, VOut>(std::move(core));
}

template <class K, class VOut, class Windows>
template <Initializer Init>
KTable<Windowed<K>, VOut> TimeWindowedCogroupedKStream<K, VOut, Windows>::aggregate(
    Init initial, Materialized<K, VOut> options) const {
    detail::StorePlace store =
        detail::place_store(*graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-",
                            detail::StoreKind::kTimestampedWindow);
    store.state->materialized = true;
    detail::set_retention(store.spec, detail::untyped(options), windows_.default_retention(),
                          windows_.size());
    using Input = detail::CogroupInput<K, VOut>;
    const detail::TableSerdes<K, VOut> serdes{
        detail::serde_or(options.key_serde, inputs_.front().key_serde), options.value_serde};
    detail::require_serdes(detail::need_of_own_store("the cogroup", store.spec.name), serdes.key,
                           serdes.value);
    store.spec.serdes = serdes;
    auto core = detail::add_cogroup<Windowed<K>>(
        *graph_, graph_, inputs_, options.name, store,
        detail::WindowClose{windows_.grace(), std::same_as<Windows, SlidingWindows>},
        [&](const Input& input, const std::string& name) {
            const auto& make =
                std::get<typename Input::template MakeWindowed<Windows>>(input.make_windowed).make;
            if (!make) {
                detail::no_nulls_in_cogroup(name);
            }
            return make(
                name, windows_,
                [initial]() mutable -> VOut { return detail::initial_state(initial); }, store.state,
                serdes);
        });
    core.key_serde = windowed_serde<K>(windows_.size(), serdes.key);
    core.value_serde = serdes.value;
    core.origin.reset(new detail::WindowOrigin<K, VOut>(store.state, serdes));
    return KTable<Windowed<K>, VOut>(std::move(core));
}

template <class K, class VOut>
template <Initializer Init, SessionMerger<K, VOut> M>
KTable<SessionWindowed<K>, VOut> SessionWindowedCogroupedKStream<K, VOut>::aggregate(
    Init initial, M merge, Materialized<K, VOut> options) const {
    detail::StorePlace store =
        detail::place_store(*graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-",
                            detail::StoreKind::kSession);
    store.state->materialized = true;
    detail::set_retention(store.spec, detail::untyped(options), windows_.default_retention(),
                          std::chrono::milliseconds(0));
    const detail::TableSerdes<K, VOut> serdes{
        detail::serde_or(options.key_serde, inputs_.front().key_serde), options.value_serde};
    detail::require_serdes(detail::need_of_own_store("the cogroup", store.spec.name), serdes.key,
                           serdes.value);
    store.spec.serdes = serdes;
    auto core = detail::add_cogroup<SessionWindowed<K>>(
        *graph_, graph_, inputs_, options.name, store,
        detail::WindowClose{windows_.default_retention(), true},
        [&](const detail::CogroupInput<K, VOut>& input, const std::string& name) {
            if (!input.make_session) {
                detail::no_nulls_in_cogroup(name);
            }
            return input.make_session(
                name, windows_,
                [initial]() mutable -> VOut { return detail::initial_state(initial); },
                [merge](const K& key, VOut one, const VOut& other) mutable -> VOut {
                    return detail::call_aggregator(merge, key, std::move(one), other);
                },
                store.state, serdes);
        });
    core.key_serde = windowed_serde<K, SessionWindow>(std::chrono::milliseconds(0), serdes.key);
    core.value_serde = serdes.value;
    core.origin.reset(new detail::SessionOrigin<K, VOut>(store.state, serdes));
    return KTable<SessionWindowed<K>, VOut>(std::move(core));
}

}  // namespace millrace
