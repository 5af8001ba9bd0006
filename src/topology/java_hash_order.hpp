// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace millrace::topology {

/// The order in which a java.util.HashSet<String> walks its elements. It shows in the text of
/// Kafka Streams' topologies and in the order in which it flushes several stores of one node.
///
/// `filled_one_by_one` in insertion order, ASCII: a set that began with 16 buckets and grew.
std::vector<std::string> java_hash_order(std::vector<std::string> filled_one_by_one);

/// The same for a set made in one go from a collection that is walked in the order given: its
/// number of buckets differs.
std::vector<std::string> java_hash_copy_order(std::vector<std::string> collection);

/// The same for a set made with room for both collections, then filled from one after the other.
std::vector<std::string> java_hash_union_order(const std::vector<std::string>& a,
                                               const std::vector<std::string>& b);

}  // namespace millrace::topology
