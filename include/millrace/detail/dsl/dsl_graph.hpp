// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/error.hpp"
#include "millrace/detail/dsl/steps.hpp"
#include "millrace/detail/graph/logical_graph.hpp"
#include "millrace/detail/nodes/sink.hpp"
#include "millrace/detail/nodes/source.hpp"
#include "millrace/detail/nodes/table.hpp"
#include "millrace/detail/ops/stateless.hpp"
#include "millrace/processor/partitioner.hpp"
#include "millrace/serde/serde.hpp"

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace millrace::detail {

/// The state of a stream's handle: its position in the topology, and the serdes of its records.
template <class K, class V>
struct StreamCore {
    std::shared_ptr<LogicalGraph> graph;
    LogicalNode* node = nullptr;
    std::string name{};
    SerdeOf<Plain<K>> key_serde{};
    SerdeOf<Plain<V>> value_serde{};
    /// Of this sub-topology: the sources that must be co-partitioned.
    std::set<std::string> sources{};
    bool needs_repartition = false;  ///< The key has changed since the last topic.
    std::shared_ptr<LogicalNode*> repartitioned = std::make_shared<LogicalNode*>(nullptr);

    /// The handle of `next`, a downstream node, with the same sources and the same need of
    /// repartitioning.
    template <class KOut, class VOut>
    StreamCore<KOut, VOut> then(LogicalNode& next, SerdeOf<Plain<KOut>> key,
                                SerdeOf<Plain<VOut>> value) const {
        return {.graph = graph,
                .node = &next,
                .name = next.name,
                .key_serde = std::move(key),
                .value_serde = std::move(value),
                .sources = sources,
                .needs_repartition = needs_repartition};
    }
};

/// The same type, or the same with a null.
template <class From, class To>
concept WidensTo = std::same_as<From, To> || std::same_as<std::optional<From>, To>;

/// The handle of a stream that may have nulls, at the position of one without nulls.
template <class K, class V, class KFrom, class VFrom>
StreamCore<K, V> widened(const StreamCore<KFrom, VFrom>& core) {
    StreamCore<K, V> wide = core.template then<K, V>(*core.node, core.key_serde, core.value_serde);
    wide.name = core.name;
    return wide;
}

/// A processor with one parent, for KStream::add.
template <class KOut, class VOut>
struct ProcessorStep {
    const char* prefix;   ///< Of the generated name.
    std::string given{};  ///< Set by the user; empty: generated.
    SerdeOf<Plain<KOut>> key_serde{};
    SerdeOf<Plain<VOut>> value_serde{};
    bool changes_key = false;
    bool changes_value = false;
};

/// The state of a table's handle.
template <class K, class V>
struct TableCore {
    std::shared_ptr<LogicalGraph> graph;
    LogicalNode* node = nullptr;
    std::string name{};
    SerdeOf<K> key_serde{};
    SerdeOf<V> value_serde{};
    std::set<std::string> sources{};
    TableOriginPtr<K, V> origin{};
    std::shared_ptr<TableState> state{};
    std::string queryable{};  ///< The store to query; empty: none.
    std::optional<std::chrono::milliseconds> history{};
};

template <class K, class V>
struct RepartitionSerdes {
    SerdeOf<Plain<K>> key{};
    SerdeOf<Plain<V>> value{};
};

/// Why a serde is needed: "the repartition topic counts-repartition", and how to avoid it.
struct SerdeNeed {
    std::string place;
    std::string instead;
};

SerdeNeed need_of_repartition(const RepartitionStep& step);
SerdeNeed need_of_store(const std::string& node, const std::string& store);
/// A store that `node` requires.
SerdeNeed need_of_own_store(const std::string& node, const std::string& store);
SerdeNeed need_of_grace(const std::string& node);
SerdeNeed need_of_node(const std::string& node);  ///< A source, a sink or a join.

/// Throws TopologyError: `part` ("keys", "values") have a type without a serde.
[[noreturn]] void no_serde(const SerdeNeed& need, const char* part, const std::type_info& type);

/// Throws TopologyError if keys or values have no serde and no custom one is set.
template <class K, class V>
void require_serdes(const SerdeNeed& need, const SerdeOf<K>& key, const SerdeOf<V>& value) {
    if (!Encodable<K> || key.is_missing()) {
        no_serde(need, "keys", typeid(K));
    }
    if (!Encodable<V> || value.is_missing()) {
        no_serde(need, "values", typeid(V));
    }
}

/// Names of the nodes around "<prefix>-repartition"; takes three indices.
void name_repartition_step(LogicalGraph& graph, const std::string& prefix, RepartitionStep& step);

/// The same for a grouped table's topic: without filter, two indices; `given` is the name of the
/// nodes, if it is not empty.
void name_table_repartition(LogicalGraph& graph, const std::string& prefix,
                            const std::string& given, RepartitionStep& step);

/// The sink to an internal topic.
template <class K, class V>
NodeFactory internal_sink(const std::string& name, const std::string& topic,
                          const RepartitionSerdes<K, V>& serdes,
                          const Partitioner<K, V>& partitioner) {
    SinkSettings<K, V> settings;
    settings.topic = topic;
    settings.internal = true;
    settings.key_serde = serdes.key;
    settings.value_serde = serdes.value;
    settings.partitioner = partitioner;
    return factory_of<SinkNode<K, V>>(name, std::move(settings));
}

/// The source of an internal topic.
template <class K, class V>
NodeFactory internal_source(const std::string& name, const RepartitionSerdes<K, V>& serdes) {
    return factory_of<SourceNode<K, V>>(
        name, SourceSettings<K, V>{serdes.key, serdes.value, TimestampPolicy::kFail});
}

template <class K, class V>
class TypedRepartitionNodes final : public RepartitionNodes {
  public:
    TypedRepartitionNodes(const RepartitionSerdes<K, V>& serdes,
                          const Partitioner<K, V>& partitioner)
        : serdes_(serdes), partitioner_(partitioner) {}

    NodeFactory filter(const std::string& name, bool keep_null_keys) const override {
        if constexpr (kIsNullable<K>) {
            if (!keep_null_keys) {
                return factory_of<NonNullKeyNode<K, V>>(name);
            }
        }
        static_cast<void>(keep_null_keys);
        return factory_of<PassThroughNode<K, V>>(name);
    }
    NodeFactory sink(const std::string& name, const std::string& topic) const override {
        return internal_sink<K, V>(name, topic, serdes_, partitioner_);
    }
    NodeFactory source(const std::string& name) const override {
        return internal_source<K, V>(name, serdes_);
    }

  private:
    RepartitionSerdes<K, V> serdes_;
    Partitioner<K, V> partitioner_;
};

/// Which of the two.
enum class RepartitionNames { kOfStream, kOfTable };

/// The three typed nodes of a repartition topic, named after `prefix`. Throws TopologyError if keys
/// or values have no serde.
template <class K, class V>
RepartitionStep make_repartition(LogicalGraph& graph, const std::string& prefix,
                                 const RepartitionSerdes<K, V>& serdes,
                                 const Partitioner<K, V>& partitioner = {},
                                 RepartitionNames names = RepartitionNames::kOfStream,
                                 const std::string& given = {}) {
    RepartitionStep step;
    if (names == RepartitionNames::kOfStream) {
        name_repartition_step(graph, prefix, step);
    } else {
        name_table_repartition(graph, prefix, given, step);
    }
    step.types = {typeid(K), typeid(V)};
    require_serdes(need_of_repartition(step), serdes.key, serdes.value);
    if constexpr (Encodable<Plain<K>> && Encodable<Plain<V>>) {
        step.nodes = std::unique_ptr<const RepartitionNodes>(
            new TypedRepartitionNodes<K, V>(serdes, partitioner));
    }
    return step;
}

LogicalNode repartition_node(RepartitionStep step);

/// `core` after a repartition topic for a join. A stream that is joined twice shares the topic.
template <class K, class V>
StreamCore<K, V> repartition_for_join(const StreamCore<K, V>& core, const std::string& name,
                                      const RepartitionSerdes<K, V>& serdes) {
    RepartitionStep step = make_repartition<K, V>(*core.graph, name, serdes);
    step.optimizable = true;
    step.name_is_generated = name == core.name;
    const std::string source = step.source_name;
    if (*core.repartitioned == nullptr || core.name != name) {
        *core.repartitioned = &core.graph->add(repartition_node(std::move(step)), {core.node});
    }
    return {.graph = core.graph,
            .node = *core.repartitioned,
            .name = source,
            .key_serde = serdes.key,
            .value_serde = serdes.value,
            .sources = {(*core.repartitioned)->name}};
}

/// Throws TopologyError unless `table` keeps versions at least as long as `grace`, if it is set.
void check_join_grace(const LogicalNode& table,
                      const std::optional<std::chrono::milliseconds>& history,
                      const std::optional<std::chrono::milliseconds>& grace);

/// The given serde, otherwise the other one.
template <class T>
SerdeOf<T> serde_or(const SerdeOf<T>& given, const SerdeOf<T>& otherwise) {
    return given.is_custom() ? given : otherwise;
}

std::set<std::string> united(std::set<std::string> a, const std::set<std::string>& b);

}  // namespace millrace::detail
