// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/processor/topology.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace millrace::crash {

/// How the output of a disturbed run must match that of an undisturbed one, with exactly-once.
enum class Match {
    kSequence,  ///< The same values of each key, in the same order.
    kSet,       ///< The same values of each key, in any order.
    kGrowing,   ///< Growing counts of each key; the last one is the same. Of cached tables.
};

/// The values of each key, in order.
using Values = std::map<std::string, std::vector<std::string>>;

struct Workload {
    std::string name;
    /// Before and after a change that removes a store.
    std::function<Topology(bool before)> topology;
    std::map<std::string, std::int32_t> inputs;  ///< Topics and their partition counts.
    std::map<std::string, Match> outputs;
    std::vector<std::string> counts;       ///< Key-value stores of counts, to be queried.
    std::vector<std::string> disk_stores;  ///< A restart continues these.
    std::string global_topic = {};
};

inline constexpr int kChunks = 9;

/// What one of the next records causes in the application's code.
enum class Trouble {
    kNone,
    kException,
    kDamage,  ///< The store's files are damaged.
};
void expect(Trouble trouble);

/// Sends the records of one of kChunks parts of the input; the last one closes all windows.
void produce(testing::EmbeddedBroker& broker, const Workload& workload, int chunk);

const std::vector<Workload>& workloads();

}  // namespace millrace::crash
