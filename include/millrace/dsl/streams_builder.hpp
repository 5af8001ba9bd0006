// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/callable.hpp"
#include "millrace/detail/dsl_graph.hpp"
#include "millrace/detail/ops/source.hpp"
#include "millrace/dsl/fwd.hpp"
#include "millrace/dsl/options.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/processor/topology_options.hpp"

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// All topics whose whole name matches a regular expression (ECMAScript), those made later
/// included.
struct TopicPattern {
    std::string regex;
};

/// What a source reads: one topic, several, or all that match a pattern.
class Topics {
  public:
    Topics(const char* topic) : names_{topic} {}             // NOLINT(google-explicit-constructor)
    Topics(std::string topic) : names_{std::move(topic)} {}  // NOLINT(google-explicit-constructor)
    Topics(std::vector<std::string> topics)
        : names_(std::move(topics)) {}  // NOLINT(google-explicit-constructor)
    Topics(std::initializer_list<const char*> topics) : names_(topics.begin(), topics.end()) {}
    Topics(TopicPattern pattern)
        : pattern_(std::move(pattern.regex)) {}  // NOLINT(google-explicit-constructor)

    const std::vector<std::string>& names() const noexcept { return names_; }
    const std::string& pattern() const noexcept { return pattern_; }

  private:
    std::vector<std::string> names_;
    std::string pattern_;
};

/// Declares sources and hands out streams and tables; build() ends the program. Has the semantics
/// of Kafka Streams' StreamsBuilder. Not thread-safe.
class StreamsBuilder {
  public:
    /// Reads topics as a stream of records. Streams of the same topics share one source.
    template <class K, class V>
        requires Writable<K> && Writable<V>
    KStream<K, V> stream(Topics topics, Consumed<K, V> options = {});

    /// Reads a topic as a table's changes: null values remove, null keys are dropped and counted.
    template <class K, class V>
        requires Serializable<K> && Serializable<V>
    KTable<K, V> table(std::string topic, Materialized<K, V> options = {},
                       Consumed<K, std::optional<V>> source = {});

    /// Reads the whole of a topic as a table on every instance.
    template <class K, class V>
        requires Serializable<K> && Serializable<V>
    GlobalKTable<K, V> global_table(std::string topic, Materialized<K, V> options = {},
                                    Consumed<K, std::optional<V>> source = {});

    /// Turns the program into a topology. Throws TopologyError for what can only be seen in the
    /// whole. Handles of this builder cannot be added to afterwards.
    Topology build(const TopologyOptions& options = {}) &&;

    detail::LogicalGraph& graph() noexcept { return *graph_; }

  private:
    std::shared_ptr<detail::LogicalGraph> graph_ = std::make_shared<detail::LogicalGraph>();
};

}  // namespace millrace

#include "millrace/dsl/bodies.hpp"
