// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/core/access.hpp"
#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/ops/stream_table_join.hpp"
#include "millrace/detail/processor/made_by.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/dsl/printed.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/processor/record_metadata.hpp"
#include "millrace/windows/join_windows.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// The name of a topic, or a function that returns one for each record: f(key, value, context) with
/// a RecordContextView. Such topics must exist.
template <class T, class K, class V>
concept TopicChoice = std::convertible_to<T, std::string> ||
                      (std::invocable<T&, const K&, const V&, const RecordContextView&> &&
                       std::copy_constructible<T>);

/// An unbounded stream of independent records. Has the semantics of Kafka Streams' KStream.
///
/// K and V may be std::optional: then records with a null key or value are allowed, and callables
/// get the optional. With other types, such records are dropped and counted when they are read.
///
/// Callables are copied once per task; copies run concurrently on different threads. Captured
/// references must be thread-safe.
///
/// A handle: copies refer to the same stream. Errors: verbs throw TopologyError if they do not fit
/// the topology. Not thread-safe.
template <class K, class V>
class KStream {
  public:
    explicit KStream(detail::StreamCore<K, V> core) : core_(std::move(core)) {}

    /// The same stream as one that may have nulls: to merge or join it with such a stream.
    template <class KFrom, class VFrom>
        requires detail::WidensTo<KFrom, K> && detail::WidensTo<VFrom, V> &&
                 (!std::same_as<KFrom, K> || !std::same_as<VFrom, V>)
    KStream(const KStream<KFrom, VFrom>& other)  // NOLINT(google-explicit-constructor)
        : core_(detail::widened<K, V>(detail::Access::core(other))) {}

    /// Keeps the records for which `keep` is true.
    template <RecordPredicate<K, V> F>
    KStream filter(F keep, Named options = {}) const;

    /// Keeps the records for which `drop` is false.
    template <RecordPredicate<K, V> F>
    KStream filter_not(F drop, Named options = {}) const;

    /// Replaces each record by the pair of key and value that `change` returns. Grouping or joining
    /// after it requires a repartition topic.
    template <RecordToPair<K, V> F>
    auto map(F change,
             Named options = {}) const -> KStream<typename detail::PairOf<F, K, V>::first_type,
                                                  typename detail::PairOf<F, K, V>::second_type>;

    /// Replaces each record's value. Keys and times do not change, so no repartitioning is needed.
    template <CallableWithRecord<K, V> F>
    auto map_values(F change,
                    Named options = {}) const -> KStream<K, detail::RecordResult<F, K, V>>;

    /// Replaces each record by all pairs of key and value that `expand` returns, in order.
    template <RecordToPairs<K, V> F>
    auto flat_map(F expand, Named options = {}) const
        -> KStream<typename detail::ElementOf<F, K, V>::first_type,
                   typename detail::ElementOf<F, K, V>::second_type>;

    /// Replaces each record by one for each value that `expand` returns, in order; keys do not
    /// change.
    template <RecordToRange<K, V> F>
    auto flat_map_values(F expand,
                         Named options = {}) const -> KStream<K, detail::ElementOf<F, K, V>>;

    /// Sets the key of each record to the result of `select`. Grouping or joining after it requires
    /// a repartition topic.
    template <CallableWithRecord<K, V> F>
    auto select_key(F select,
                    Named options = {}) const -> KStream<detail::RecordResult<F, K, V>, V>;

    /// Calls `look` and forwards the record unchanged.
    template <RecordAction<K, V> F>
    KStream peek(F look, Named options = {}) const;

    /// Calls `use` with each record; the stream ends here.
    template <RecordAction<K, V> F>
    void foreach (F use, Named options = {}) const;

    /// Writes each record as a line "[label]: key, value" to the standard output, or as `options`
    /// define; the stream ends here. Throws TopologyError for types that are not Printable, unless
    /// `options` define the text.
    void print(Printed<K, V> options = {}) const;

    /// Splits the stream into branches; each record is sent to the first matching branch.
    BranchedKStream<K, V> split(Named options = {}) const;

    /// The records of both streams, in the order of processing.
    KStream merge(const KStream& other, Named options = {}) const;

    /// Writes the stream to an internal topic and reads it from there, in separate tasks.
    KStream repartition(Repartitioned<K, V> options = {}) const
        requires Writable<K> && Writable<V>;

    /// Writes the stream to a topic, fixed or chosen for each record.
    template <TopicChoice<K, V> T>
    void to(T topic, Produced<K, V> options = {}) const
        requires Writable<K> && Writable<V>;

    /// A table whose changes are the records: null values delete rows, null keys are dropped.
    KTable<detail::Plain<K>, detail::Plain<V>> to_table(
        Materialized<detail::Plain<K>, detail::Plain<V>> options = {}) const
        requires HasKey<K> && Writable<K> && Writable<V>;

    /// Groups by the key of the records.
    KGroupedStream<K, V> group_by_key(Grouped<K, V> options = {}) const
        requires HasKey<K>;

    /// Groups by the key that `select` returns, with a repartition topic.
    template <CallableWithRecord<K, V> F>
        requires HasKey<detail::RecordResult<F, K, V>>
    auto group_by(F select, Grouped<detail::RecordResult<F, K, V>, V> options) const
        -> KGroupedStream<detail::RecordResult<F, K, V>, V>;

    template <CallableWithRecord<K, V> F>
        requires HasKey<detail::RecordResult<F, K, V>> &&
                     Serializable<detail::Plain<detail::RecordResult<F, K, V>>>
    auto group_by(F select) const -> KGroupedStream<detail::RecordResult<F, K, V>, V> {
        return group_by(std::move(select), Grouped<detail::RecordResult<F, K, V>, V>{});
    }

    /// Joins records of both streams with the same key whose times differ by at most the `windows`,
    /// each pair once, with the later time: joiner(value, other) or joiner(key, value, other).
    /// Records with a null key or value are dropped and counted.
    template <class VOther, ValueJoiner<K, const detail::Plain<V>&, const detail::Plain<VOther>&> F>
        requires HasKey<K> && Writable<K> && Writable<V> && Writable<VOther>
    auto join(const KStream<K, VOther>& other, F joiner, JoinWindows windows,
              StreamJoined<K, V, VOther> options = {}) const
        -> KStream<K,
                   detail::JoinResult<F, K, const detail::Plain<V>&, const detail::Plain<VOther>&>>;

    /// Like join. Unmatched records of this stream are also sent when their window has closed, or
    /// at once if the key is null: the other value is passed as a pointer.
    template <class VOther, ValueJoiner<K, const detail::Plain<V>&, const detail::Plain<VOther>*> F>
        requires HasKey<K> && Writable<K> && Writable<V> && Writable<VOther>
    auto left_join(const KStream<K, VOther>& other, F joiner, JoinWindows windows,
                   StreamJoined<K, V, VOther> options = {}) const
        -> KStream<K,
                   detail::JoinResult<F, K, const detail::Plain<V>&, const detail::Plain<VOther>*>>;

    /// Like left_join, for records of both streams: both values are passed as pointers.
    template <class VOther, ValueJoiner<K, const detail::Plain<V>*, const detail::Plain<VOther>*> F>
        requires HasKey<K> && Writable<K> && Writable<V> && Writable<VOther>
    auto outer_join(const KStream<K, VOther>& other, F joiner, JoinWindows windows,
                    StreamJoined<K, V, VOther> options = {}) const
        -> KStream<K,
                   detail::JoinResult<F, K, const detail::Plain<V>*, const detail::Plain<VOther>*>>;

    /// Joins each record with the table's current value of its key. Without a value there is no
    /// result. Records with a null key or value are dropped and counted. Calls joiner(value,
    /// table_value) or joiner(key, value, table_value).
    template <class VTable, Removals kRemovals,
              ValueJoiner<K, const detail::Plain<V>&, const VTable&> F>
        requires HasKey<K>
    auto join(const KTable<detail::Plain<K>, VTable, kRemovals>& table, F joiner,
              Joined<K, V> options = {}) const
        -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable&>>;

    /// Like join, but `joiner` gets a pointer, which is null if the table has no value or the
    /// record no key.
    template <class VTable, Removals kRemovals,
              ValueJoiner<K, const detail::Plain<V>&, const VTable*> F>
        requires HasKey<K>
    auto left_join(const KTable<detail::Plain<K>, VTable, kRemovals>& table, F joiner,
                   Joined<K, V> options = {}) const
        -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable*>>;

    /// Joins each record with the global table's value of the key that `select` returns.
    template <class KGlobal, class VTable, CallableWithRecord<K, detail::Plain<V>> Select,
              ValueJoiner<K, const detail::Plain<V>&, const VTable&> F>
    auto join(const GlobalKTable<KGlobal, VTable>& table, Select select, F joiner,
              Named options = {}) const
        -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable&>>;

    /// Like join with a global table, but `joiner` gets a pointer, which is null if there is no
    /// value.
    template <class KGlobal, class VTable, CallableWithRecord<K, detail::Plain<V>> Select,
              ValueJoiner<K, const detail::Plain<V>&, const VTable*> F>
    auto left_join(const GlobalKTable<KGlobal, VTable>& table, Select select, F joiner,
                   Named options = {}) const
        -> KStream<K, detail::JoinResult<F, K, const detail::Plain<V>&, const VTable*>>;

    /// Runs user-defined processors, which may forward records with any key and value. Grouping or
    /// joining after it requires a repartition topic.
    template <ProcessorSupplier<K, V> F>
    auto process(F make, ProcessOptions options = {}) const
        -> KStream<typename detail::MadeBy<F>::KeyOut, typename detail::MadeBy<F>::ValueOut>;

    /// The same with processors that do not change the key, so no repartitioning is needed.
    template <FixedKeyProcessorSupplier<K, V> F>
    auto process_values(F make, ProcessOptions options = {}) const
        -> KStream<K, typename detail::MadeBy<F>::ValueOut>;

  private:
    friend detail::Access;

    template <class KOut, class VOut, class F>
    detail::LogicalNode& add_processor(F make, const char* prefix,
                                       const ProcessOptions& options) const;

    template <class N, class KOut, class VOut, class... Args>
    KStream<KOut, VOut> add(detail::ProcessorStep<KOut, VOut> step, Args... args) const;

    template <detail::JoinType kType, class VOther, class F>
    auto join_stream(const KStream<K, VOther>& other, F joiner, const JoinWindows& windows,
                     StreamJoined<K, V, VOther> options) const;

    template <detail::JoinType kType, class VTable, class VOut, Removals kRemovals, class F>
    KStream<K, VOut> join_table(const KTable<detail::Plain<K>, VTable, kRemovals>& table, F joiner,
                                Joined<K, V> options) const;

    template <detail::JoinType kType, class VOut, class KGlobal, class VTable, class Select,
              class F>
    KStream<K, VOut> join_global(const GlobalKTable<KGlobal, VTable>& table, Select select,
                                 F joiner, const Named& options) const;

    detail::StreamCore<K, V> core_;
};

}  // namespace millrace

#include "millrace/detail/dsl/bodies.hpp"
