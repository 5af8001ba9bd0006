// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/serde/nullable.hpp"
#include "millrace/detail/state/store_spec.hpp"
#include "millrace/detail/state/store_types.hpp"
#include "millrace/processor/offset_reset.hpp"
#include "millrace/processor/partitioner.hpp"
#include "millrace/processor/timestamp_extractor.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/store_declaration.hpp"
#include "millrace/state/store_engine.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

// Names must be valid Kafka topic names: 1 to 249 letters, digits, '.', '_' and '-'. An empty name
// means a generated one. Serdes that are not set are those of the stream, otherwise Serde<T>.

/// A node's name.
struct Named {
    std::string name{};
};

/// How a source reads its topics. Has the semantics of Kafka Streams' Consumed.
template <class K, class V>
struct Consumed {
    std::string name{};  ///< Of the source node.
    TimestampExtractor<K, V> timestamp{};
    OffsetReset offset_reset = OffsetReset::kDefault;
    SerdeOf<detail::Plain<K>> key_serde{};
    SerdeOf<detail::Plain<V>> value_serde{};
};

/// How a sink writes. Has the semantics of Kafka Streams' Produced.
template <class K, class V>
struct Produced {
    std::string name{};               ///< Of the sink node.
    Partitioner<K, V> partitioner{};  ///< Empty: by the key.
    SerdeOf<detail::Plain<K>> key_serde{};
    SerdeOf<detail::Plain<V>> value_serde{};
};

/// How a stream is grouped. Has the semantics of Kafka Streams' Grouped.
template <class K, class V>
struct Grouped {
    std::string name{};  ///< Of the repartition topic, if there is one.
    SerdeOf<detail::Plain<K>> key_serde{};
    SerdeOf<detail::Plain<V>> value_serde{};
};

/// How a stream is repartitioned. Has the semantics of Kafka Streams' Repartitioned.
template <class K, class V>
struct Repartitioned {
    std::string name{};                     ///< Of the topic, without "-repartition".
    std::optional<Partition> partitions{};  ///< Empty: as many as upstream.
    Partitioner<K, V> partitioner{};        ///< Empty: by the key.
    SerdeOf<detail::Plain<K>> key_serde{};
    SerdeOf<detail::Plain<V>> value_serde{};
};

/// How a stream is joined with a table. Has the semantics of Kafka Streams' Joined.
template <class K, class V>
struct Joined {
    std::string name{};  ///< Of the join and of a repartition topic.
    /// Records are buffered this long for the table; it must keep versions at least as long.
    std::optional<std::chrono::milliseconds> grace{};
    SerdeOf<detail::Plain<K>> key_serde{};
    SerdeOf<detail::Plain<V>> value_serde{};
};

/// How two streams are joined. Has the semantics of Kafka Streams' StreamJoined.
template <class K, class V, class VOther>
struct StreamJoined {
    std::string name{};   ///< Of the nodes and of repartition topics.
    std::string store{};  ///< Of the stores, each with a suffix.
    StoreEngine engine = StoreEngine::kDefault;
    bool logging = true;  ///< False: the state is lost with the task.
    /// Topic settings that override the defaults.
    std::map<std::string, std::string> changelog_config{};
    std::optional<detail::StoreSpec>
        /// Custom window stores that keep duplicates for exactly size plus grace, from stores::.
        this_store{};
    std::optional<detail::StoreSpec>
        other_store{};  ///< for exactly size plus grace, from stores::.
    SerdeOf<detail::Plain<K>> key_serde{};
    SerdeOf<detail::Plain<V>> value_serde{};
    SerdeOf<detail::Plain<VOther>> other_value_serde{};
};

/// How an aggregate or a table keeps its state. Has the semantics of Kafka Streams' Materialized.
template <class K, class V>
struct Materialized {
    std::string name{};   ///< Of the node.
    std::string store{};  ///< Of the store, its changelog, and to query it by.
    StoreEngine engine = StoreEngine::kDefault;
    std::size_t max_entries = 0;  ///< StoreEngine::kLru.
    bool caching = true;          ///< Fewer, later changes: one for each key and commit.
    bool logging = true;          ///< False: the state is lost with the task.
    /// Topic settings that override the defaults.
    std::map<std::string, std::string> changelog_config{};
    std::optional<std::chrono::milliseconds> retention{};  ///< Windows; at least size plus grace.
    std::optional<std::chrono::milliseconds> history{};  ///< Keep versions for this long (KIP-889).
    /// Create an unnamed store (table joins). Other verbs: like Materialized.with().
    bool materialize = false;
    SerdeOf<K> key_serde{};
    SerdeOf<V> value_serde{};
};

/// How two tables are joined on a foreign key. Has the semantics of Kafka Streams' TableJoined. The
/// partitioners must be those with which the tables' topics are written, if that is not by the key;
/// they must choose exactly one partition.
template <class K, class KOther>
struct TableJoined {
    std::string name{};                   ///< Of the nodes, topics and the store in between.
    Partitioner<K, NoKey> partitioner{};  ///< Of this table.
    Partitioner<KOther, NoKey> other_partitioner{};  ///< Of the other table.
};

/// How a user-defined processor is added.
struct ProcessOptions {
    std::string name{};                 ///< Of the node.
    std::vector<std::string> stores{};  ///< Stores that it uses and that were added before.
    std::vector<StoreDeclaration> added_stores{};  ///< Stores that are added with it (KIP-401).
};

}  // namespace millrace
