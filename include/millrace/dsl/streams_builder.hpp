// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/nodes/source.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/dsl/topics.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/processor/topology_options.hpp"

#include <memory>
#include <string>
#include <utility>

namespace millrace {

/// Declares sources and returns streams and tables; build() completes the topology. Has the
/// semantics of Kafka Streams' StreamsBuilder. Not thread-safe.
///
/// Verbs that are called without options require a Serde for each type whose serde options could
/// set.
class StreamsBuilder {
  public:
    /// Reads topics as a stream of records. Streams of the same topics share one source.
    template <class K, class V>
        requires Writable<K> && Writable<V>
    KStream<K, V> stream(Topics topics, Consumed<K, V> options);

    template <class K, class V>
        requires Serializable<detail::Plain<K>> && Serializable<detail::Plain<V>>
    KStream<K, V> stream(Topics topics) {
        return stream<K, V>(std::move(topics), Consumed<K, V>{});
    }

    /// Reads a topic as a table's changes: null values delete rows, null keys are dropped and
    /// counted.
    template <class K, class V>
        requires Encodable<K> && Encodable<V>
    KTable<K, V> table(std::string topic, Materialized<K, V> options,
                       Consumed<K, std::optional<V>> source = {});

    template <class K, class V>
        requires Serializable<K> && Serializable<V>
    KTable<K, V> table(std::string topic) {
        return table<K, V>(std::move(topic), Materialized<K, V>{});
    }

    /// Reads a whole topic as a table on every instance.
    template <class K, class V>
        requires Encodable<K> && Encodable<V>
    GlobalKTable<K, V> global_table(std::string topic, Materialized<K, V> options,
                                    Consumed<K, std::optional<V>> source = {});

    template <class K, class V>
        requires Serializable<K> && Serializable<V>
    GlobalKTable<K, V> global_table(std::string topic) {
        return global_table<K, V>(std::move(topic), Materialized<K, V>{});
    }

    /// Adds a store for processors; see ProcessOptions::stores.
    StreamsBuilder& add_state_store(const StoreDeclaration& store);

    /// Adds a store that every instance fills from the whole of `topic` with a user-defined
    /// processor, Processor<K, V>. Other processors can read it without being connected.
    template <class K, class V, ProcessorSupplier<K, V> F>
        requires Writable<K> && Writable<V>
    StreamsBuilder& add_global_store(const StoreDeclaration& store, std::string topic, F make,
                                     Consumed<K, V> source = {});

    /// Builds the topology. Throws TopologyError for errors that only the whole topology shows.
    /// Handles of this builder cannot be extended afterwards.
    Topology build(const TopologyOptions& options = {}) &&;
    Topology build(const TopologyOptions& = {}) & = delete;  // Write std::move(builder).build().

  private:
    std::shared_ptr<detail::LogicalGraph> graph_ = std::make_shared<detail::LogicalGraph>();
};

}  // namespace millrace

#include "millrace/detail/dsl/bodies.hpp"
