// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/dsl/dsl_graph.hpp"
#include "millrace/detail/dsl/grouped_core.hpp"
#include "millrace/detail/dsl/result_types.hpp"
#include "millrace/detail/nodes/table_store.hpp"
#include "millrace/dsl/callables.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/windows/aggregation_windows.hpp"
#include "millrace/windows/session_windows.hpp"
#include "millrace/windows/sliding_windows.hpp"
#include "millrace/windows/time_windows.hpp"

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace {

/// Several grouped streams with one aggregate. Has the semantics of Kafka Streams'
/// CogroupedKStream.
template <class K, class VOut>
class CogroupedKStream {
  public:
    explicit CogroupedKStream(std::shared_ptr<detail::LogicalGraph> graph)
        : graph_(std::move(graph)) {}

    /// Adds a stream with its own aggregator, as for KGroupedStream::aggregate.
    template <class KIn, class V, Aggregator<K, VOut, detail::Plain<V>> F>
        requires std::same_as<detail::Plain<KIn>, K>
    CogroupedKStream cogroup(const KGroupedStream<KIn, V>& group, F add) const;

    /// The aggregate of all streams by key, in one store. Throws TopologyError if the streams
    /// cannot be co-partitioned.
    template <Initializer Init>
    KTable<K, VOut> aggregate(Init initial, Materialized<K, VOut> options) const;

    template <Initializer Init>
        requires Serializable<VOut>
    KTable<K, VOut> aggregate(Init initial) const {
        return aggregate(std::move(initial), Materialized<K, VOut>{});
    }

    /// Aggregates by key and window, or by key and session.
    template <AggregationWindows Windows>
    auto windowed_by(Windows windows) const ->
        typename detail::WindowedCogroup<K, VOut, Windows>::Type {
        return {graph_, inputs_, windows};
    }

  private:
    std::shared_ptr<detail::LogicalGraph> graph_;
    std::vector<detail::CogroupInput<K, VOut>> inputs_;
};

/// The same in windows. Has the semantics of Kafka Streams' TimeWindowedCogroupedKStream.
template <class K, class VOut, class Windows>
class TimeWindowedCogroupedKStream {
  public:
    TimeWindowedCogroupedKStream(std::shared_ptr<detail::LogicalGraph> graph,
                                 std::vector<detail::CogroupInput<K, VOut>> inputs, Windows windows)
        : graph_(std::move(graph)), inputs_(std::move(inputs)), windows_(windows) {}

    template <Initializer Init>
    KTable<Windowed<K>, VOut> aggregate(Init initial, Materialized<K, VOut> options) const;

    template <Initializer Init>
        requires Serializable<VOut>
    KTable<Windowed<K>, VOut> aggregate(Init initial) const {
        return aggregate(std::move(initial), Materialized<K, VOut>{});
    }

  private:
    std::shared_ptr<detail::LogicalGraph> graph_;
    std::vector<detail::CogroupInput<K, VOut>> inputs_;
    Windows windows_;
};

/// The same in sessions. Has the semantics of Kafka Streams' SessionWindowedCogroupedKStream.
template <class K, class VOut>
class SessionWindowedCogroupedKStream {
  public:
    SessionWindowedCogroupedKStream(std::shared_ptr<detail::LogicalGraph> graph,
                                    std::vector<detail::CogroupInput<K, VOut>> inputs,
                                    SessionWindows windows)
        : graph_(std::move(graph)), inputs_(std::move(inputs)), windows_(windows) {}

    /// `merge` merges the aggregates of two sessions, as in SessionWindowedKStream::aggregate.
    template <Initializer Init, SessionMerger<K, VOut> M>
    KTable<SessionWindowed<K>, VOut> aggregate(Init initial, M merge,
                                               Materialized<K, VOut> options) const;

    template <Initializer Init, SessionMerger<K, VOut> M>
        requires Serializable<VOut>
    KTable<SessionWindowed<K>, VOut> aggregate(Init initial, M merge) const {
        return aggregate(std::move(initial), std::move(merge), Materialized<K, VOut>{});
    }

  private:
    std::shared_ptr<detail::LogicalGraph> graph_;
    std::vector<detail::CogroupInput<K, VOut>> inputs_;
    SessionWindows windows_;
};

}  // namespace millrace

#include "millrace/detail/dsl/bodies.hpp"
