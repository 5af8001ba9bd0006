// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/processor/processor_wrapper.hpp"

namespace millrace {

/// How StreamsBuilder::build turns the program into a topology. The first three are the parts of
/// Kafka Streams' topology.optimization; they change names of internal topics, so changing them
/// means resetting the application.
struct TopologyOptions {
    /// A table's source topic is also its changelog (reuse.ktable.source.topics).
    bool reuse_source_topics = false;

    /// One repartition topic for each key change, however many aggregates and joins follow
    /// (merge.repartition.topics).
    bool merge_repartition_topics = false;

    /// A stream joined with itself keeps its records once (single.store.self.join).
    bool single_store_self_join = false;

    /// Refuse stores and internal topics that nobody gave a name, as generated names change with
    /// the program (KIP-1111, ensure.explicit.internal.resource.naming).
    bool require_explicit_names = false;

    /// Runs code around processors and gives them stores (KIP-1112, processor.wrapper.class).
    /// Nothing: processors run as they are, at no cost.
    ProcessorWrapper processor_wrapper{};

    /// Behave as Kafka Streams 4.4 where it breaks its own promises; see
    /// docs/differences-from-kafka-streams.md. For comparing only.
    bool reproduce_kafka_defects = false;

    /// topology.optimization=all.
    static TopologyOptions optimized() {
        TopologyOptions options;
        options.reuse_source_topics = true;
        options.merge_repartition_topics = true;
        options.single_store_self_join = true;
        return options;
    }
};

}  // namespace millrace
