// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace millrace::topology {

/// The iteration order of a java.util.HashSet<String>. It determines the text of Kafka Streams'
/// topology descriptions and the order in which it flushes several stores of one node.
///
/// `filled_one_by_one` in insertion order, ASCII: a set that started with 16 buckets and grew.
std::vector<std::string> java_hash_order(std::vector<std::string> filled_one_by_one);

/// The same for a set that was constructed from a collection with the given order: its number of
/// buckets differs.
std::vector<std::string> java_hash_copy_order(std::vector<std::string> collection);

/// The same for a set that was created with capacity for both collections and filled from one after
/// the other.
std::vector<std::string> java_hash_union_order(const std::vector<std::string>& a,
                                               const std::vector<std::string>& b);

}  // namespace millrace::topology
