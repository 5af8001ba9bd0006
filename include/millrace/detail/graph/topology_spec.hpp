// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/core/factory.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/processor/offset_reset.hpp"
#include "millrace/processor/processor_wrapper.hpp"
#include "millrace/processor/topology_options.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::detail {

class Node;

/// Creates the node of one task. The only place that keeps the types of a node.
using NodeFactory = Factory<Node>;

enum class NodeKind { kSource, kProcessor, kSink };

/// A node before it is built.
struct NodeSpec {
    NodeKind kind = NodeKind::kProcessor;
    std::string name{};
    NodeFactory make{};
    std::vector<std::string> parents{};  ///< Names; none for sources.
    std::vector<std::string> stores{};   ///< Connected stores, in the order connected.

    std::vector<std::string> topics{};  ///< Sources: subscribed topics. Sinks: the topic, if fixed.
                                        ///< Internal topics without the application.id.
    std::string pattern{};              ///< Sources: instead of topics.
    OffsetReset offset_reset = OffsetReset::kDefault;
    bool fills_store = false;  ///< Of a read-only store: such processors are not wrapped.
};

/// A repartition topic: internal, so written and read by this application only.
struct RepartitionTopic {
    std::string name{};  ///< Without the application.id: "<base>-repartition".
    std::optional<std::int32_t> partitions{};  ///< Set by the user; empty: as upstream.
};

/// A store that is filled from a whole topic on every instance, by its own processor.
struct GlobalStoreSpec {
    StoreSpec store;
    std::string source_node;
    std::string processor_node;
    std::string topic;
};

/// The topology, flat and untyped: the result of StreamsBuilder and the Processor API, and the
/// input of the runtime. Immutable once built; shared by all threads.
struct TopologySpec {
    std::vector<NodeSpec> nodes;    ///< In the order added: parents first.
    std::vector<StoreSpec> stores;  ///< Without global ones.
    std::vector<GlobalStoreSpec> global_stores;
    std::vector<RepartitionTopic> repartition_topics;
    std::vector<std::vector<std::string>>
        copartition_groups;                  ///< Of source topics (internal ones by
                                             ///< their name without application.id).
    ProcessorWrapper processor_wrapper{};    ///< For added processors; may be empty.
    std::set<std::string> wrapper_stores{};  ///< Names of `stores` that it added.
    /// Of StreamsBuilder::build; otherwise built with the Processor API.
    std::optional<TopologyOptions> options{};
};

}  // namespace millrace::detail
