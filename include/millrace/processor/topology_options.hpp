// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/processor/processor_wrapper.hpp"

namespace millrace {

/// How StreamsBuilder::build creates the topology. The first three are the parts of Kafka Streams'
/// topology.optimization; they change names of internal topics, so changing them requires a reset
/// of the application.
struct TopologyOptions {
    /// A table's source topic is also its changelog (reuse.ktable.source.topics).
    bool reuse_source_topics = false;

    /// One repartition topic for each key change, however many aggregates and joins follow
    /// (merge.repartition.topics).
    bool merge_repartition_topics = false;

    /// A stream that is joined with itself stores its records once (single.store.self.join).
    bool single_store_self_join = false;

    /// Refuse stores and internal topics without an explicit name, because generated names change
    /// with the topology (KIP-1111, ensure.explicit.internal.resource.naming).
    bool require_explicit_names = false;

    /// Runs code around processors and adds stores to them (KIP-1112, processor.wrapper.class).
    /// Empty: processors have no overhead.
    ProcessorWrapper processor_wrapper{};

    /// Reproduce the bugs of Kafka Streams 4.4; see docs/differences-from-kafka-streams.md. For
    /// comparisons only.
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
