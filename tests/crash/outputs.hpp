// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crash/workloads.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millrace::crash {

/// The values of a topic that a read_committed consumer gets, by key. Counts are written as text.
Values values_of(const testing::EmbeddedBroker& broker, const std::string& topic);

/// Whether the group has committed all input, and all records of repartition topics.
bool all_committed(const testing::EmbeddedBroker& broker, const Workload& workload);

/// Compares a store with the last row of each key in its changelog.
std::vector<std::string> differences_from_changelog(
    const testing::EmbeddedBroker& broker, const std::string& changelog,
    const std::map<std::string, std::int64_t>& store);

/// The offset after the last record of each partition of a changelog that a store on disk has.
std::map<TopicPartition, Offset> changelog_ends(const testing::EmbeddedBroker& broker,
                                                const Workload& workload);

}  // namespace millrace::crash
