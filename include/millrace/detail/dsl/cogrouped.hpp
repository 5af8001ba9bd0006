// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of dsl/cogrouped_kstream.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/grouped.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
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
    input.aggregate_input = [core = detail::Access::core(group)](const detail::StorePlan& store) {
        return detail::aggregate_input(core, store);
    };
    input.make_plain = [add](const std::string& name, Initial initial, State state, Serdes serdes) {
        using Step = detail::AggregateStep<K, detail::Plain<V>, Initial, F>;
        return detail::factory_of<detail::AggregateNode<KIn, V, Step>>(
            name, Step{std::move(initial), add}, std::move(state), std::move(serdes));
    };
    const std::shared_ptr<const detail::TopologyFlags> flags = graph_->flags();
    const auto make_windowed = [&]<class N, class Step, class Windows>() {
        return [add, flags](const std::string& name, Windows windows, Initial initial, State state,
                            Serdes serdes) {
            return detail::factory_of<N>(name, windows, Step{std::move(initial), add},
                                         EmitStrategy::kOnWindowUpdate, flags, std::move(state),
                                         std::move(serdes));
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
            return detail::factory_of<detail::SessionAggregateNode<KIn, V, OfSession>>(
                name, windows, OfSession{{std::move(initial), add}, std::move(merge)},
                EmitStrategy::kOnWindowUpdate, flags, std::move(state), std::move(serdes));
        };
    }
    CogroupedKStream result = *this;
    result.inputs_.push_back(std::move(input));
    return result;
}

namespace detail {

/// The nodes of a cogroup and the sources upstream of them.
struct CogroupNodes {
    LogicalNode& merged;
    std::set<std::string> sources;
};

/// Adds the nodes of a cogroup: one for each stream, which share a store, and one that merges them.
/// `make` creates the factory of one stream's node.
template <class KTableKey, class K, class VOut, class Make>
CogroupNodes add_cogroup(LogicalGraph& graph, const std::vector<CogroupInput<K, VOut>>& inputs,
                         const std::string& given, const StorePlan& store,
                         std::optional<WindowClose> closes, Make make) {
    std::vector<LogicalNode*> above;
    std::set<std::string> sources;
    for (const auto& grouped : inputs) {
        const AggregateInput input = grouped.aggregate_input(store);
        above.push_back(input.parent);
        sources = united(std::move(sources), input.sources);
    }
    graph.copartition(sources);
    std::vector<LogicalNode*> aggregates;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::string name = graph.suffixed_or_new(given, "-cogroup-agg-" + std::to_string(i),
                                                       "COGROUPKSTREAM-AGGREGATE-");
        LogicalNode node = single_step_node(processor_step(name, make(inputs[i], name)));
        LogicalStore shared = store.store(name);
        shared.shared = true;
        node.add_store(std::move(shared));
        node.versioned = store.is_versioned();
        node.closes = closes;
        aggregates.push_back(&graph.add(std::move(node), {above[i]}));
    }
    const std::string name =
        graph.suffixed_or_new(given, "-cogroup-merge", "COGROUPKSTREAM-MERGE-");
    LogicalNode& merged =
        graph.add(processor_node<PassThroughNode<KTableKey, Change<VOut>>>(name), aggregates);
    return {merged, std::move(sources)};
}

}  // namespace detail

template <class K, class VOut>
template <Initializer Init>
KTable<K, VOut> CogroupedKStream<K, VOut>::aggregate(Init initial,
                                                     Materialized<K, VOut> options) const {
    detail::StorePlan store =
        detail::plan_required_store(*graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-",
                                    detail::StoreKind::kTimestampedKeyValue);
    const detail::TableSerdes<K, VOut> serdes =
        detail::set_serdes(store, "the cogroup", options, inputs_.front().key_serde);
    auto nodes = detail::add_cogroup<K>(
        *graph_, inputs_, options.name, store, std::nullopt,
        [&](const detail::CogroupInput<K, VOut>& input, const std::string& name) {
            return input.make_plain(
                name, [initial]() mutable -> VOut { return detail::initial_state(initial); },
                store.state, serdes);
        });
    return KTable<K, VOut>(
        detail::stored_table(graph_, nodes.merged, store, serdes, std::move(nodes.sources)));
}

template <class K, class VOut, class Windows>
template <Initializer Init>
KTable<Windowed<K>, VOut> TimeWindowedCogroupedKStream<K, VOut, Windows>::aggregate(
    Init initial, Materialized<K, VOut> options) const {
    using Input = detail::CogroupInput<K, VOut>;
    detail::StorePlan store = detail::plan_window_store(
        *graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-",
        detail::StoreKind::kTimestampedWindow, windows_.default_retention(), windows_.size());
    const detail::TableSerdes<K, VOut> serdes =
        detail::set_serdes(store, "the cogroup", options, inputs_.front().key_serde);
    auto nodes = detail::add_cogroup<Windowed<K>>(
        *graph_, inputs_, options.name, store,
        detail::WindowClose{.grace = windows_.grace(),
                            .inclusive_ends = std::same_as<Windows, SlidingWindows>},
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
    return KTable<Windowed<K>, VOut>(detail::table_handle<Windowed<K>, VOut>(
        graph_, nodes.merged, store, windowed_serde<K>(windows_.size(), serdes.key), serdes.value,
        std::move(nodes.sources),
        detail::TableOriginPtr<Windowed<K>, VOut>(
            new detail::WindowOrigin<K, VOut>(store.state, serdes))));
}

template <class K, class VOut>
template <Initializer Init, SessionMerger<K, VOut> M>
KTable<SessionWindowed<K>, VOut> SessionWindowedCogroupedKStream<K, VOut>::aggregate(
    Init initial, M merge, Materialized<K, VOut> options) const {
    constexpr std::chrono::milliseconds kNoSize{0};
    detail::StorePlan store = detail::plan_window_store(
        *graph_, detail::untyped(options), "COGROUPKSTREAM-AGGREGATE-", detail::StoreKind::kSession,
        windows_.default_retention(), kNoSize);
    const detail::TableSerdes<K, VOut> serdes =
        detail::set_serdes(store, "the cogroup", options, inputs_.front().key_serde);
    auto nodes = detail::add_cogroup<SessionWindowed<K>>(
        *graph_, inputs_, options.name, store,
        detail::WindowClose{.grace = windows_.default_retention(), .inclusive_ends = true},
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
    return KTable<SessionWindowed<K>, VOut>(detail::table_handle<SessionWindowed<K>, VOut>(
        graph_, nodes.merged, store, windowed_serde<K, SessionWindow>(kNoSize, serdes.key),
        serdes.value, std::move(nodes.sources),
        detail::TableOriginPtr<SessionWindowed<K>, VOut>(
            new detail::SessionOrigin<K, VOut>(store.state, serdes))));
}

}  // namespace millrace
