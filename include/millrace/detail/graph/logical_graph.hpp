// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/detail/graph/topology_spec.hpp"
#include "millrace/detail/state/store_spec.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

namespace millrace::detail {

/// The TopologyOptions that nodes need; set when the topology is built.
struct TopologyFlags {
    bool reproduce_kafka_defects = false;
};

/// Properties of a table that are determined while the topology is defined: later verbs may require
/// more. Shared by the table's handle, its node factories and lowering.
struct TableState {
    std::string store{};           ///< The name of its store, if it has or gets one.
    bool materialized = false;     ///< It has a store.
    bool send_old_values = false;  ///< Its changes have old values.
    bool versioned_input = false;  ///< Its input is versioned: updates may be out of order.
};

/// A store of a logical node and the steps that use it.
struct LogicalStore {
    StoreSpec spec;
    std::vector<std::string> users;               ///< Names of steps of this or other nodes.
    std::shared_ptr<const TableState> only_if{};  ///< Set: created only if that is materialised.
    std::string reusable_topic{};                 ///< The optimiser may use it as changelog.
    bool shared = false;                          ///< Several nodes declare it; it is created once.
    bool name_is_generated = false;
};

/// The types of a node's records, for the optimiser.
struct RecordTypes {
    std::type_index key = typeid(void);
    std::type_index value = typeid(void);

    bool operator==(const RecordTypes&) const = default;
};

/// Creates the factories of the three nodes around a repartition topic.
class RepartitionNodes {
  public:
    virtual ~RepartitionNodes() = default;
    virtual NodeFactory filter(const std::string& name, bool keep_null_keys) const = 0;
    virtual NodeFactory sink(const std::string& name, const std::string& topic) const = 0;
    virtual NodeFactory source(const std::string& name) const = 0;
};

/// A repartition topic and the three nodes around it, without types.
struct RepartitionStep {
    RecordTypes types{};
    std::string topic;
    std::string filter_name;  ///< Empty: no filter.
    std::string sink_name;
    std::string source_name;
    std::optional<std::int32_t> partitions{};
    bool optimizable = false;     ///< May be merged with others.
    bool keep_null_keys = false;  ///< A downstream join needs them.
    bool name_is_generated = false;
    std::shared_ptr<const RepartitionNodes> nodes{};
};

enum class LogicalKind {
    kRoot,
    kSource,  ///< Streams: may be merged with an equal one.
    kTableSource,
    kGlobalStore,  ///< Two steps, source and processor; stores[0] is global.
    kStore,        ///< A user's store, created when something is connected to it.
    kProcessor,
    kRepartition,
    kSink,
    kStreamJoin,  ///< Stream-stream: see SelfJoinRewrite.
};

/// Nodes that a self-join does not need if the optimiser uses one store.
struct SelfJoinRewrite {
    std::string left_window_node;
    std::string right_window_node;
    std::vector<NodeSpec> steps;       ///< Replaces those of the node.
    std::vector<LogicalStore> stores;  ///< Likewise.
};

struct LogicalNode;

/// A step and the stores of other nodes that it uses.
struct StoreConnection {
    std::string step;
    std::vector<std::string> stores;
};

/// When windows close, relative to their end.
struct WindowClose {
    std::chrono::milliseconds grace{0};
    bool inclusive_ends = false;  ///< They are still open at exactly that time.
};

/// A step that behaves differently downstream of a versioned table.
struct VersionAware {
    const LogicalNode* parent;
    std::shared_ptr<TableState> state;  ///< Its versioned_input is set.
};

class LogicalGraph;

/// One operation of the topology as defined: untyped, except the closures in its steps.
/// The special members are compiled once, in the library, and not in each file that uses the DSL.
struct LogicalNode {
    LogicalNode();
    LogicalNode(const LogicalNode&);
    LogicalNode(LogicalNode&&) noexcept;
    LogicalNode& operator=(const LogicalNode&);
    LogicalNode& operator=(LogicalNode&&) noexcept;
    ~LogicalNode();

    void add_step(NodeSpec step);
    void add_store(LogicalStore store);

    LogicalKind kind = LogicalKind::kProcessor;
    std::string name{};  ///< The step whose output other nodes receive.
    /// These become nodes, in this order. A step without parents receives the outputs of this
    /// node's parents.
    std::vector<NodeSpec> steps{};
    std::vector<LogicalStore> stores{};
    std::vector<std::string> connects{};         ///< Stores of other nodes, for the first step.
    std::vector<StoreConnection> connections{};  ///< The same for other steps.
    std::vector<RepartitionTopic> internal_topics{};  ///< Topics that its steps read or write.
    std::optional<RepartitionStep> repartition{};
    std::optional<SelfJoinRewrite> self_join{};

    bool changes_key = false;
    bool changes_value = false;
    bool merges = false;
    RecordTypes types{};              ///< Of its output; only for key changes and merges.
    bool takes_null_keys = false;     ///< A left or outer join: see RepartitionStep.
    std::optional<bool> versioned{};  ///< Whether its output is versioned; empty: like its input.
    std::vector<VersionAware>
        version_aware{};      ///< Steps that need to know whether a parent is versioned.
    bool suppresses = false;  ///< Refused downstream of versioned tables.
    std::optional<WindowClose> closes{};  ///< When its windows close.

    int build_priority = 0;
    const LogicalGraph* graph = nullptr;
    std::vector<LogicalNode*> parents{};
    std::vector<LogicalNode*> children{};
    bool written = false;
};

/// The topology while it is defined. Shared by the builder and all its handles. Not thread-safe.
class LogicalGraph {
  public:
    LogicalGraph();
    LogicalGraph(const LogicalGraph&) = delete;
    LogicalGraph& operator=(const LogicalGraph&) = delete;

    LogicalNode& root() noexcept { return nodes_.front(); }

    /// Throws TopologyError after the topology was built, if a parent belongs to another topology,
    /// and if Kafka does not allow the name of a topic of its steps.
    LogicalNode& add(LogicalNode node, const std::vector<LogicalNode*>& parents);

    /// Adds the node again below another parent, or the same; it is built later then.
    void add_again(LogicalNode& node, LogicalNode& parent);

    /// "<prefix>0000000042"; takes the next index.
    std::string new_name(std::string_view prefix);

    /// "<prefix>STATE-STORE-0000000042"; takes the next index.
    std::string new_store_name(std::string_view prefix);

    /// `given`, checked, or a generated name. Takes an index either way, as Kafka Streams does.
    std::string name_or_new(const std::string& given, std::string_view prefix);

    /// `given` + suffix, checked, or a generated name. Takes an index either way.
    std::string suffixed_or_new(const std::string& given, std::string_view suffix,
                                std::string_view prefix);

    /// The sources with these names must have equally many partitions.
    void copartition(std::set<std::string> sources);

    /// In the order added; the root is the first.
    std::deque<LogicalNode>& nodes() noexcept { return nodes_; }
    std::vector<std::set<std::string>>& copartition_groups() noexcept {
        return copartition_groups_;
    }

    const std::shared_ptr<TopologyFlags>& flags() const noexcept { return flags_; }

    void mark_built() noexcept { built_ = true; }

  private:
    std::deque<LogicalNode> nodes_;
    std::vector<std::set<std::string>> copartition_groups_;
    std::shared_ptr<TopologyFlags> flags_ = std::make_shared<TopologyFlags>();
    int next_index_ = 0;
    int next_priority_ = 0;
    bool built_ = false;
};

/// Throws TopologyError if two builders created the handles `one` and `other`.
void require_one_builder(const LogicalGraph& graph_of_one, const LogicalGraph& graph_of_other,
                         const std::string& one, const std::string& other);

void link(LogicalNode& parent, LogicalNode& child);
void unlink(LogicalNode& parent, LogicalNode& child);

/// When the windows upstream of `node` close, the latest of them. Throws TopologyError if there are
/// none.
WindowClose close_above(const LogicalNode& node);

/// True if the output of `node` is versioned, itself or because of upstream nodes.
bool has_versions(const LogicalNode& node);

}  // namespace millrace::detail
