// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/topic_partition.hpp"
#include "testing/embedded/broker/cluster.hpp"

#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// A record of a changelog.
struct Change {
    Bytes key;
    NullableOwnedBytes value;
    std::string producer;  ///< The client.id of its producer; empty for test records.
};

/// The committed records of a partition, in order, without those without a key. Empty if it does
/// not exist.
std::vector<Change> committed_changes(embedded::Cluster& cluster, const TopicPartition& partition);

}  // namespace millrace::testing::simulated
