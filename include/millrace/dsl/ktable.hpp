// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/dsl/result_types.hpp"
#include "millrace/detail/ops/table_table_join.hpp"
#include "millrace/detail/ops/table_values.hpp"
#include "millrace/detail/processor/made_by.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/dsl/suppressed.hpp"
#include "millrace/processor/value_transformer.hpp"

#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// The latest value of every key, and each change of it. Has the semantics of Kafka Streams'
/// KTable.
///
/// kRemovals says whether rows can be deleted: then to_stream() has nulls. A table has a store only
/// if its options name one or a lookup needs it.
///
/// A handle, like KStream.
template <class K, class V, Removals kRemovals>
class KTable {
  public:
    explicit KTable(detail::TableCore<K, V> core) : core_(std::move(core)) {}

    /// The same table as one whose rows can be deleted. Explicit, because its stream has nulls:
    /// `const auto counts = ….count()` keeps the exact type of a table.
    explicit KTable(const KTable<K, V, Removals::kNever>& other)
        requires(kRemovals == Removals::kPossible)
        : core_(detail::Access::core(other)) {}

    /// Every change, as a stream of new values; null (if rows can be deleted): deleted.
    KStream<K, detail::StreamedValue<V, kRemovals>> to_stream(Named options = {}) const;

    /// The same as to_stream().select_key(select).
    template <CallableWithRecord<K, detail::StreamedValue<V, kRemovals>> F>
    auto to_stream_by(F select, Named options = {}) const
        -> KStream<detail::RecordResult<F, K, detail::StreamedValue<V, kRemovals>>,
                   detail::StreamedValue<V, kRemovals>>;

    /// The rows for which `keep` is true. A row that no longer passes is forwarded as deleted.
    template <RecordPredicate<K, V> F>
    KTable<K, V> filter(F keep, Materialized<K, V> options = {}) const;

    /// The rows for which `drop` is false.
    template <RecordPredicate<K, V> F>
    KTable<K, V> filter_not(F drop, Materialized<K, V> options = {}) const;

    /// Replaces each value; if `change` returns null, the row is deleted. Not called for deleted
    /// rows. May be called more often than there are changes: results that are not stored are
    /// computed again for lookups.
    template <CallableWithRecord<K, V> F>
    auto map_values(F change,
                    Materialized<K, detail::Plain<detail::RecordResult<F, K, V>>> options = {})
        const -> KTable<K, detail::Plain<detail::RecordResult<F, K, V>>,
                        detail::kMappedRemovals<F, K, V, kRemovals>>;

    /// Replaces each value with user-defined transformers, which may keep state and use `stores`.
    /// They are also called for deleted rows. Results that are not stored are computed again for
    /// lookups, by separate objects.
    template <ValueTransformerSupplier<K, V> F>
    auto transform_values(F make,
                          Materialized<K, typename detail::MadeBy<F>::ValueOut> options = {},
                          std::vector<std::string> stores = {}) const
        -> KTable<K, typename detail::MadeBy<F>::ValueOut>;

    /// Groups the rows by the key, and uses the value, of the pair that `select` returns, with a
    /// repartition topic. Rows for which one of them is null are in no group.
    template <RecordToPair<K, V> F>
    auto group_by(F select, Grouped<detail::Plain<typename detail::PairOf<F, K, V>::first_type>,
                                    detail::Plain<typename detail::PairOf<F, K, V>::second_type>>
                                options) const
        -> KGroupedTable<detail::Plain<typename detail::PairOf<F, K, V>::first_type>,
                         detail::Plain<typename detail::PairOf<F, K, V>::second_type>>;

    template <RecordToPair<K, V> F>
        requires Serializable<detail::Plain<typename detail::PairOf<F, K, V>::first_type>> &&
                     Serializable<detail::Plain<typename detail::PairOf<F, K, V>::second_type>>
    auto group_by(F select) const
        -> KGroupedTable<detail::Plain<typename detail::PairOf<F, K, V>::first_type>,
                         detail::Plain<typename detail::PairOf<F, K, V>::second_type>> {
        return group_by(std::move(select), {});
    }

    /// Buffers changes: UntilWindowCloses, for windowed tables, or UntilTimeLimit. Sends only the
    /// latest change of a key. Lookups return the last sent values. Throws TopologyError if the
    /// table is versioned, or if UntilWindowCloses has no windowed aggregation upstream.
    template <Suppression<K> S>
        requires Encodable<K> && Encodable<V>
    auto suppress(S options) const
        -> KTable<K, V, std::same_as<S, UntilWindowCloses> ? Removals::kNever : kRemovals>;

    /// Rows of both tables with the same key: joiner(value, other) or joiner(key, value, other).
    template <class VOther, Removals kOther, ValueJoiner<K, const V&, const VOther&> F>
    auto join(const KTable<K, VOther, kOther>& other, F joiner,
              Materialized<K, detail::TableJoinResult<detail::JoinType::kInner, F, K, V, VOther>>
                  options = {}) const
        -> KTable<K, detail::TableJoinResult<detail::JoinType::kInner, F, K, V, VOther>>;

    /// Every row of this table; the other value is passed as a pointer, null if there is none.
    template <class VOther, Removals kOther, ValueJoiner<K, const V&, const VOther*> F>
    auto left_join(
        const KTable<K, VOther, kOther>& other, F joiner,
        Materialized<K, detail::TableJoinResult<detail::JoinType::kLeft, F, K, V, VOther>> options =
            {}) const
        -> KTable<K, detail::TableJoinResult<detail::JoinType::kLeft, F, K, V, VOther>>;

    /// Every row of both; values are passed as pointers, at most one of them null.
    template <class VOther, Removals kOther, ValueJoiner<K, const V*, const VOther*> F>
    auto outer_join(
        const KTable<K, VOther, kOther>& other, F joiner,
        Materialized<K, detail::TableJoinResult<detail::JoinType::kOuter, F, K, V, VOther>>
            options = {}) const
        -> KTable<K, detail::TableJoinResult<detail::JoinType::kOuter, F, K, V, VOther>>;

    /// Joins each row of this table with the row of the other table whose key `extract` returns:
    /// extract(value) or extract(key, value). Rows for which it returns null are not in the result.
    /// No co-partitioning is needed (KIP-213).
    template <class KOther, class VOther, Removals kOther, CallableWithRecord<K, V> Extract,
              ValueJoiner<K, const V&, const VOther&> F>
        requires Encodable<KOther> && Encodable<VOther> &&
                     Encodable<detail::Plain<detail::JoinResult<F, K, const V&, const VOther&>>>
    auto join(const KTable<KOther, VOther, kOther>& other, Extract extract, F joiner,
              TableJoined<K, KOther> joined = {},
              Materialized<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther&>>>
                  options = {}) const
        -> KTable<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther&>>>;

    /// Like join on a foreign key, with every row of this table; the other value is passed as a
    /// pointer.
    template <class KOther, class VOther, Removals kOther, CallableWithRecord<K, V> Extract,
              ValueJoiner<K, const V&, const VOther*> F>
        requires Encodable<KOther> && Encodable<VOther> &&
                     Encodable<detail::Plain<detail::JoinResult<F, K, const V&, const VOther*>>>
    auto left_join(const KTable<KOther, VOther, kOther>& other, Extract extract, F joiner,
                   TableJoined<K, KOther> joined = {},
                   Materialized<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther*>>>
                       options = {}) const
        -> KTable<K, detail::Plain<detail::JoinResult<F, K, const V&, const VOther*>>>;

    /// The store with which the table can be queried; empty: none.
    const std::string& queryable_store() const noexcept { return core_.queryable; }

  private:
    friend detail::Access;

    template <Removals kOut, class Op>
    KTable<K, typename Op::Out, kOut> compute(Op op, const char* prefix,
                                              Materialized<K, typename Op::Out> options,
                                              std::vector<std::string> stores = {}) const;

    template <detail::JoinType kType, class VOther, Removals kOther, class F>
    auto join_table(const KTable<K, VOther, kOther>& other, F joiner,
                    Materialized<K, detail::TableJoinResult<kType, F, K, V, VOther>> options) const
        -> KTable<K, detail::TableJoinResult<kType, F, K, V, VOther>>;

    template <detail::JoinType kType, class VOut, class KOther, class VOther, Removals kOther,
              class Extract, class F>
    KTable<K, VOut> join_foreign(const KTable<KOther, VOther, kOther>& other, Extract extract,
                                 F joiner, TableJoined<K, KOther> joined,
                                 Materialized<K, VOut> options) const;

    detail::TableCore<K, V> core_;
};

/// A grouped table that can be aggregated: a change removes its old value from one group and adds
/// its new value to one. Has the semantics of Kafka Streams' KGroupedTable.
template <class K, class V>
class KGroupedTable {
  public:
    KGroupedTable(detail::TableCore<K, V> core, std::string topic_name)
        : core_(std::move(core)), topic_name_(std::move(topic_name)) {}

    /// Counts the rows in each group. A group that becomes empty keeps its count of zero. If a row
    /// leaves a group that was never counted, a deletion is forwarded, as in Kafka Streams.
    KTable<K, std::int64_t> count(Materialized<K, std::int64_t> options = {}) const
        requires Encodable<K> && Encodable<V>;

    /// add(result, value) and subtract(result, value); the first value is the first result.
    template <Aggregator<K, V, V> Add, Aggregator<K, V, V> Subtract>
        requires Encodable<K> && Encodable<V>
    KTable<K, V> reduce(Add add, Subtract subtract, Materialized<K, V> options = {}) const;

    /// Folds the rows of each group. Subtracts first, then adds.
    template <Initializer Init, Aggregator<K, detail::StateOf<Init>, V> Add,
              Aggregator<K, detail::StateOf<Init>, V> Subtract>
        requires Encodable<K> && Encodable<V> && Encodable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, Add add, Subtract subtract,
                   Materialized<K, detail::AggregateOf<Init>> options) const
        -> KTable<K, detail::AggregateOf<Init>>;

    template <Initializer Init, Aggregator<K, detail::StateOf<Init>, V> Add,
              Aggregator<K, detail::StateOf<Init>, V> Subtract>
        requires Encodable<K> && Encodable<V> && Serializable<detail::AggregateOf<Init>>
    auto aggregate(Init initial, Add add,
                   Subtract subtract) const -> KTable<K, detail::AggregateOf<Init>> {
        return aggregate(std::move(initial), std::move(add), std::move(subtract), {});
    }

  private:
    template <class Step, class Subtract>
    KTable<K, typename Step::Agg> aggregate_with(Step step, Subtract subtract, const char* prefix,
                                                 Materialized<K, typename Step::Agg> options) const;

    detail::TableCore<K, V> core_;
    std::string topic_name_;
    std::shared_ptr<detail::LogicalNode*> repartitioned_ =
        std::make_shared<detail::LogicalNode*>(nullptr);
};

/// A table that every instance holds completely. Streams look it up by any key, without
/// co-partitioning. Has the semantics of Kafka Streams' GlobalKTable.
template <class K, class V>
class GlobalKTable {
  public:
    GlobalKTable(std::shared_ptr<detail::LogicalGraph> graph, detail::TableView<K, V> view,
                 std::string store)
        : graph_(std::move(graph)), view_(std::move(view)), store_(std::move(store)) {}

    const std::string& queryable_store() const noexcept { return store_; }

  private:
    friend detail::Access;

    std::shared_ptr<detail::LogicalGraph> graph_;
    detail::TableView<K, V> view_;
    std::string store_;
};

}  // namespace millrace

#include "millrace/detail/dsl/bodies.hpp"
