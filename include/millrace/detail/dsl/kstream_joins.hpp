// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of the joins in dsl/kstream.hpp; include that.
#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/bodies.hpp"
#include "millrace/detail/ops/grace_join.hpp"
#include "millrace/detail/ops/stream_table_join.hpp"
#include "millrace/detail/state/store_spec.hpp"

namespace millrace {

namespace detail {

/// The step of a join with a table with grace, and its record buffer. Throws TopologyError if there
/// are no serdes for it.
template <class K, class V, class VTable, class VOut, class F, JoinType kType>
LogicalNode grace_join(const std::string& name, F joiner, const TableView<Plain<K>, VTable>& view,
                       GraceSettings<K, V> settings) {
    LogicalNode node;
    require_serdes(need_of_grace(name), settings.key_serde, settings.value_serde);
    if constexpr (Encodable<Plain<K>> && Encodable<Plain<V>>) {
        settings.store = name + "-Buffer";
        StoreSpec store;
        store.name = settings.store;
        store.kind = StoreKind::kKeyValue;
        store.log_timestamps = false;
        node = processor_node<GraceJoinNode<K, V, VTable, VOut, F, kType>>(
            name, std::move(joiner), view.make_getter, std::move(settings));
        node.add_store({store, {name}});
    }
    return node;
}

}  // namespace detail

template <class K, class V>
template <detail::JoinType kType, class VTable, class VOut, Removals kRemovals, class F>
KStream<K, VOut> KStream<K, V>::join_table(const KTable<detail::Plain<K>, VTable, kRemovals>& table,
                                           F joiner, Joined<K, V> options) const {
    using Key = detail::Plain<K>;
    using JoinNode =
        detail::StreamTableJoinNode<K, V, Key, VTable, VOut, detail::SameKey<K>, F, kType>;
    detail::require_one_builder(*core_.graph, *detail::Access::core(table).graph, core_.name,
                                detail::Access::core(table).name);
    detail::check_join_grace(*detail::Access::core(table).node, detail::Access::core(table).history,
                             options.grace);
    detail::StreamCore<K, V> stream = core_;
    const SerdeOf<Key> key_serde = detail::serde_or(options.key_serde, core_.key_serde);
    if (core_.needs_repartition) {
        stream = detail::repartition_for_join<K, V>(
            core_, options.name.empty() ? core_.name : options.name,
            {key_serde, detail::serde_or(options.value_serde, core_.value_serde)});
    }
    stream.sources = detail::united(stream.sources, detail::Access::core(table).sources);
    core_.graph->copartition(stream.sources);

    const std::string name = core_.graph->name_or_new(
        options.name, kType == detail::JoinType::kLeft ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-");
    const detail::TableView<Key, VTable> view = detail::Access::core(table).origin->view();
    detail::LogicalNode node;
    if (options.grace) {
        node = detail::grace_join<K, V, VTable, VOut, F, kType>(
            name, std::move(joiner), view,
            {*options.grace,
             {},
             key_serde,
             detail::serde_or(options.value_serde, core_.value_serde)});
    } else {
        node = detail::processor_node<JoinNode>(name, detail::SameKey<K>{}, std::move(joiner),
                                                view.make_getter);
    }
    node.connects = view.stores;
    node.takes_null_keys = kType == detail::JoinType::kLeft;
    detail::LogicalNode& added = core_.graph->add(std::move(node), {stream.node});
    return KStream<K, VOut>(stream.template then<K, VOut>(added, key_serde, {}));
}

template <class K, class V>
template <class VTable, Removals kRemovals,
          ValueJoiner<K, const detail::Plain<V>&, const VTable&> F>
    requires HasKey<K>
auto KStream<K, V>::join(const KTable<detail::Plain<K>, VTable, kRemovals>& table, F joiner,
                         Joined<K, V> options) const
    -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable&>> {
    using VOut = detail::JoinResult<F, K, const detail::Plain<V>&, const VTable&>;
    return join_table<detail::JoinType::kInner, VTable, VOut>(table, std::move(joiner),
                                                              std::move(options));
}

template <class K, class V>
template <class VTable, Removals kRemovals,
          ValueJoiner<K, const detail::Plain<V>&, const VTable*> F>
    requires HasKey<K>
auto KStream<K, V>::left_join(const KTable<detail::Plain<K>, VTable, kRemovals>& table, F joiner,
                              Joined<K, V> options) const
    -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable*>> {
    using VOut = detail::JoinResult<F, K, const detail::Plain<V>&, const VTable*>;
    return join_table<detail::JoinType::kLeft, VTable, VOut>(table, std::move(joiner),
                                                             std::move(options));
}

namespace detail {

/// Computes the lookup key of a global table with the user's callable.
template <class K, class V, class F>
struct SelectedKey {
    F select;
    RecordResult<F, K, V> operator()(const K& key, const V& value) {
        return call_with_record(select, key, value);
    }
};

}  // namespace detail

template <class K, class V>
template <detail::JoinType kType, class VOut, class KGlobal, class VTable, class Select, class F>
KStream<K, VOut> KStream<K, V>::join_global(const GlobalKTable<KGlobal, VTable>& table,
                                            Select select, F joiner, const Named& options) const {
    using Selected = detail::SelectedKey<K, detail::Plain<V>, Select>;
    using JoinNode = detail::StreamTableJoinNode<K, V, KGlobal, VTable, VOut, Selected, F, kType>;
    detail::require_one_builder(*core_.graph, detail::Access::graph(table), core_.name,
                                table.queryable_store());
    const std::string name = core_.graph->name_or_new(options.name, "KSTREAM-LEFTJOIN-");
    auto node =
        detail::processor_node<JoinNode>(name, Selected{std::move(select)}, std::move(joiner),
                                         detail::Access::view(table).make_getter);
    node.takes_null_keys = kType == detail::JoinType::kLeft;
    detail::LogicalNode& added = core_.graph->add(std::move(node), {core_.node});
    return KStream<K, VOut>(core_.template then<K, VOut>(added, core_.key_serde, {}));
}

template <class K, class V>
template <class KGlobal, class VTable, CallableWithRecord<K, detail::Plain<V>> Select,
          ValueJoiner<K, const detail::Plain<V>&, const VTable&> F>
auto KStream<K, V>::join(const GlobalKTable<KGlobal, VTable>& table, Select select, F joiner,
                         Named options) const
    -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable&>> {
    using VOut = detail::JoinResult<F, K, const detail::Plain<V>&, const VTable&>;
    return join_global<detail::JoinType::kInner, VOut>(table, std::move(select), std::move(joiner),
                                                       options);
}

template <class K, class V>
template <class KGlobal, class VTable, CallableWithRecord<K, detail::Plain<V>> Select,
          ValueJoiner<K, const detail::Plain<V>&, const VTable*> F>
auto KStream<K, V>::left_join(const GlobalKTable<KGlobal, VTable>& table, Select select, F joiner,
                              Named options) const
    -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable*>> {
    using VOut = detail::JoinResult<F, K, const detail::Plain<V>&, const VTable*>;
    return join_global<detail::JoinType::kLeft, VOut>(table, std::move(select), std::move(joiner),
                                                      options);
}

}  // namespace millrace
