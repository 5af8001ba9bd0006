// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/topic_partition.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Chooses the partitions of `topic` for a record. Empty: by the key, as without a partitioner. An
/// empty list drops the record; several partitions get one copy each. Copied once per task; copies
/// run concurrently. Has the semantics of Kafka Streams' StreamPartitioner (KIP-837).
template <class K, class V>
using Partitioner = std::function<std::optional<std::vector<Partition>>(
    const std::string& topic, const K& key, const V& value, Partition partition_count)>;

}  // namespace millrace
