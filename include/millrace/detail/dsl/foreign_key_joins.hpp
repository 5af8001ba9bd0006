// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of the joins on foreign keys in dsl/ktable.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/dsl/store_options.hpp"
#include "millrace/detail/dsl/store_plan.hpp"
#include "millrace/detail/ops/foreign_key_join.hpp"
#include "millrace/detail/ops/table_source.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

namespace detail {

/// Names of a foreign-key join, in the order in which they take their indices.
struct ForeignJoinNames {
    std::string subscription_topic;
    std::string send;
    std::string subscription_sink;
    std::string subscription_source;
    std::string store;
    std::string receive;
    std::string answer;
    std::string foreign_change;
    std::string response_topic;
    std::string response_sink;
    std::string response_source;
    std::string resolve;
    std::string result;
};
ForeignJoinNames name_foreign_join(LogicalGraph& graph, const std::string& given);

/// The one partition in `chosen`. Throws ProcessingError if there are none or several.
std::optional<std::vector<Partition>> exactly_one(std::optional<std::vector<Partition>> chosen);

/// A sink to an internal topic and the source that reads it.
template <class K, class V>
LogicalNode& add_internal_topic(LogicalGraph& graph, const std::string& topic,
                                const std::string& sink, const std::string& source,
                                const RepartitionSerdes<K, V>& serdes,
                                const Partitioner<K, V>& partitioner,
                                const std::vector<LogicalNode*>& parents) {
    LogicalNode sink_node = single_step_node(
        sink_step(sink, {topic}, internal_sink<K, V>(sink, topic, serdes, partitioner)));
    sink_node.internal_topics.push_back({topic, {}});
    LogicalNode& added_sink = graph.add(std::move(sink_node), parents);
    return graph.add(
        single_step_node(source_step(source, {topic}, internal_source<K, V>(source, serdes))),
        {&added_sink});
}

template <class KOther, class Request>
Partitioner<std::optional<KOther>, Request> request_partitioner(
    const Partitioner<KOther, NoKey>& partitioner) {
    if (!partitioner) {
        return {};
    }
    return [choose = partitioner](const std::string& topic, const std::optional<KOther>& key,
                                  const Request&, Partition count) {
        return key ? exactly_one(choose(topic, *key, NoKey{}, count)) : std::nullopt;
    };
}

/// Without a partitioner, responses are sent to the partition of the request.
template <class K, class Response>
Partitioner<K, Response> response_partitioner(const Partitioner<K, NoKey>& partitioner) {
    return [choose = partitioner](const std::string& topic, const K& key, const Response& response,
                                  Partition count) -> std::optional<std::vector<Partition>> {
        if (choose) {
            return exactly_one(choose(topic, key, NoKey{}, count));
        }
        return response.partition ? std::optional(std::vector<Partition>{*response.partition})
                                  : std::nullopt;
    };
}

/// From the left table's changes to the subscription topic; returns its source.
template <JoinType kType, class K, class V, class KOther, class VOther, class Extract>
LogicalNode& add_requests(const TableCore<K, V>& left, const TableCore<KOther, VOther>& right,
                          const ForeignJoinNames& names, Extract extract,
                          const Partitioner<KOther, NoKey>& partitioner) {
    using Request = Subscription<K>;
    const auto left_side = std::make_shared<TableState>();
    auto send = processor_node<SubscriptionSendNode<K, V, KOther, Extract, kType>>(
        names.send, std::move(extract), right.key_serde, left.value_serde, left_side);
    send.version_aware.push_back({left.node, left_side});
    LogicalNode& send_node = left.graph->add(std::move(send), {left.node});
    const SerdeOf<Request> serde(std::make_shared<SubscriptionSerde<K>>(left.key_serde));
    LogicalNode& requests = add_internal_topic<std::optional<KOther>, Request>(
        *left.graph, names.subscription_topic, names.subscription_sink, names.subscription_source,
        {right.key_serde, serde}, request_partitioner<KOther, Request>(partitioner), {&send_node});
    left.graph->copartition(united(right.sources, {requests.name}));
    return requests;
}

/// From subscriptions and from the right table's changes to the response topic; returns its source.
template <class K, class V, class KOther, class VOther>
LogicalNode& add_responses(const TableCore<K, V>& left, const TableCore<KOther, VOther>& right,
                           const ForeignJoinNames& names, LogicalNode& requests,
                           const Partitioner<K, NoKey>& partitioner) {
    using Response = SubscriptionResponse<VOther>;
    LogicalGraph& graph = *left.graph;
    StoreSpec store;
    store.name = names.store;
    store.kind = StoreKind::kTimestampedKeyValue;
    store.log_headers = true;
    store.headers = detail::StoredHeaders::kOfRecordIfAsked;
    auto receive = processor_node<SubscriptionReceiveNode<K, KOther>>(
        names.receive, names.store, right.key_serde, left.key_serde);
    receive.add_store({store, {names.receive}});
    LogicalNode& receive_node = graph.add(std::move(receive), {&requests});

    const TableView<KOther, VOther> right_view = right.origin->view();
    auto answer = processor_node<SubscriptionAnswerNode<K, KOther, VOther>>(names.answer,
                                                                            right_view.make_getter);
    answer.connects = right_view.stores;
    LogicalNode& answer_node = graph.add(std::move(answer), {&receive_node});

    const auto right_side = std::make_shared<TableState>();
    auto change = processor_node<ForeignChangeNode<K, KOther, VOther>>(
        names.foreign_change, names.store, right.key_serde, left.key_serde, right_side);
    change.connects = {names.store};
    change.version_aware.push_back({right.node, right_side});
    LogicalNode& change_node = graph.add(std::move(change), {right.node});

    const SerdeOf<Response> serde(
        std::make_shared<SubscriptionResponseSerde<VOther>>(right.value_serde));
    return add_internal_topic<K, Response>(graph, names.response_topic, names.response_sink,
                                           names.response_source, {left.key_serde, serde},
                                           response_partitioner<K, Response>(partitioner),
                                           {&answer_node, &change_node});
}

}  // namespace detail

template <class K, class V, Removals kRemovals>
template <detail::JoinType kType, class VOut, class KOther, class VOther, Removals kOther,
          class Extract, class F>
KTable<K, VOut> KTable<K, V, kRemovals>::join_foreign(const KTable<KOther, VOther, kOther>& other,
                                                      Extract extract, F joiner,
                                                      TableJoined<K, KOther> joined,
                                                      Materialized<K, VOut> options) const {
    detail::LogicalGraph& graph = *core_.graph;
    const detail::TableCore<KOther, VOther>& right = detail::Access::core(other);
    detail::require_one_builder(*core_.graph, *right.graph, core_.name, right.name);
    right.origin->send_old_values(true);
    core_.origin->send_old_values(true);
    const detail::ForeignJoinNames names = detail::name_foreign_join(graph, joined.name);
    detail::require_serdes(detail::need_of_node("the left table of " + names.result),
                           core_.key_serde, core_.value_serde);
    detail::require_serdes(detail::need_of_node("the right table of " + names.result),
                           right.key_serde, right.value_serde);
    detail::LogicalNode& requests = detail::add_requests<kType>(
        core_, right, names, std::move(extract), joined.other_partitioner);
    detail::LogicalNode& responses =
        detail::add_responses(core_, right, names, requests, joined.partitioner);
    const std::set<std::string> sources = detail::united(core_.sources, {responses.name});
    graph.copartition(sources);

    const detail::TableView<K, V> left_view = core_.origin->view();
    auto resolve = detail::processor_node<detail::ResponseJoinNode<K, V, VOther, VOut, F, kType>>(
        names.resolve, std::move(joiner), left_view.make_getter, core_.value_serde);
    resolve.connects = left_view.stores;
    detail::LogicalNode& resolve_node = graph.add(std::move(resolve), {&responses});

    detail::StorePlan store =
        detail::plan_store(graph, detail::untyped(options), "KTABLE-FK-JOIN-OUTPUT-",
                           detail::StoreKind::kTimestampedKeyValue);
    const detail::TableSerdes<K, VOut> serdes =
        detail::set_serdes(store, names.result, options, core_.key_serde);
    auto result = detail::processor_node<detail::TableSourceNode<K, std::optional<VOut>>>(
        names.result, store.state, serdes);
    result.add_store(store.lazy_store(names.result));
    result.versioned = store.is_versioned();
    detail::LogicalNode& added = graph.add(std::move(result), {&resolve_node});
    return KTable<K, VOut>(detail::stored_table(core_.graph, added, store, serdes, sources));
}

template <class K, class V, Removals kRemovals>
template <class KOther, class VOther, Removals kOther, CallableWithRecord<K, V> Extract,
          ValueJoiner<K, const V&, const VOther&> F>
    requires Encodable<KOther> && Encodable<VOther> &&
                 Encodable<detail::Plain<detail::JoinResult<F, K, const V&, const VOther&>>>
auto KTable<K, V, kRemovals>::join(
    const KTable<KOther, VOther, kOther>& other, Extract extract, F joiner,
    TableJoined<K, KOther> joined,
    Materialized<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther&>>> options) const
    -> KTable<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther&>>> {
    using VOut = detail::Plain<detail::JoinResult<F, K, const V&, const VOther&>>;
    return join_foreign<detail::JoinType::kInner, VOut>(
        other, std::move(extract), std::move(joiner), std::move(joined), std::move(options));
}

template <class K, class V, Removals kRemovals>
template <class KOther, class VOther, Removals kOther, CallableWithRecord<K, V> Extract,
          ValueJoiner<K, const V&, const VOther*> F>
    requires Encodable<KOther> && Encodable<VOther> &&
                 Encodable<detail::Plain<detail::JoinResult<F, K, const V&, const VOther*>>>
auto KTable<K, V, kRemovals>::left_join(
    const KTable<KOther, VOther, kOther>& other, Extract extract, F joiner,
    TableJoined<K, KOther> joined,
    Materialized<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther*>>> options) const
    -> KTable<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther*>>> {
    using VOut = detail::Plain<detail::JoinResult<F, K, const V&, const VOther*>>;
    return join_foreign<detail::JoinType::kLeft, VOut>(other, std::move(extract), std::move(joiner),
                                                       std::move(joined), std::move(options));
}

}  // namespace millrace
