// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing {

/// What goes wrong in a simulation.
enum class SimulatedFault {
    kCrash,          ///< An instance is killed, and starts again some time later.
    kLostState,      ///< The same, with an empty state directory.
    kFreeze,         ///< An instance stops, possibly beyond its session timeout, and continues.
    kPartition,      ///< An instance does not reach the brokers for some time.
    kBrokerOutage,   ///< No instance does.
    kSlowBroker,     ///< Requests and responses are delayed.
    kLostRequest,    ///< A request to produce, fetch or commit fails without an effect.
    kLostResponse,   ///< A request to produce or commit is executed, but fails for the client.
    kLateCommit,     ///< A transaction is committed after its producer has given up.
    kExpiredMember,  ///< The group removes a member.
    kExpiredTransaction,  ///< The brokers abort a transaction.
    kClockJump,           ///< The wall clock is set forward or back.
    kInstances,           ///< An instance leaves, or another one joins.
    kThreads,             ///< An instance starts or ends a stream thread.
    kFullDisk,            ///< The disk of an instance has no space left for some time.

    // Mistakes of operators, which most applications must refuse with a clear error.
    kGrownTopic,      ///< A topic that is not compared gets another partition.
    kRecreatedTopic,  ///< It is deleted, and created again without its records.
};

/// All, except mistakes of operators.
std::set<SimulatedFault> all_simulated_faults();

/// A record that the simulation writes to a topic.
struct SimulatedInput {
    std::string topic{};
    NewBrokerRecord record{};

    /// Waits at least this time before it is written.
    std::chrono::milliseconds pause{0};
};

/// How the output of a simulation is compared with that of one undisturbed instance. Records are
/// compared by key, value, timestamp and headers.
enum class OutputComparison {
    kEachKeyInOrder,  ///< The same records of each key in each topic, in the same order.
    kSameRecords,     ///< The same records, in any order.
    kLastOfEachKey,   ///< The last record of each key in each topic.
    kNone,
};

/// The application that a simulation runs.
struct SimulatedApplication {
    /// Called for each instance.
    std::function<Topology()> topology{};

    /// The settings of each instance. `state_dir` and `client_id` are replaced.
    StreamsConfig config{};

    /// The topics that exist at the start, and their partition counts.
    std::map<std::string, std::int32_t> topics{};

    /// Written before the instances start, such as the rows of a global table.
    std::vector<SimulatedInput> prepared{};

    /// Written in this order while the instances run. Records without a timestamp get one that
    /// grows from record to record.
    std::vector<SimulatedInput> input{};

    /// The topics that are compared.
    std::vector<std::string> output{};

    /// With at-least-once processing, records may be repeated, and results of state may count
    /// records twice: the comparison only finds keys for which records are missing.
    OutputComparison comparison = OutputComparison::kEachKeyInOrder;

    /// Further checks of the committed output, by topic. Returns what is wrong. May be empty.
    using Output = std::map<std::string, std::vector<BrokerRecord>>;
    std::function<std::vector<std::string>(const Output&)> check{};
};

struct SimulationOptions {
    std::uint64_t seed = 0;

    /// The largest number of instances at a time.
    int instances = 3;

    /// The largest number of faults.
    int faults = 12;
    std::set<SimulatedFault> kinds = all_simulated_faults();

    /// How long input is written and faults happen, in simulated time.
    std::chrono::milliseconds duration{20'000};

    /// After the last fault: how long the application may take to process all input, in simulated
    /// time.
    std::chrono::milliseconds recovery{180'000};

    /// Of a simulation with violations: looks for fewer faults and input records that also have
    /// them. Takes up to a few hundred further simulations.
    bool shrink = true;
};

/// What happened in a simulation.
struct SimulationReport {
    std::uint64_t seed = 0;

    /// What is wrong; empty if the application kept its guarantee.
    std::vector<std::string> violations{};

    /// The faults, in order. Of the smallest simulation with violations, if there are any.
    std::vector<std::string> faults{};
    std::size_t input_records = 0;

    /// What happened, line by line: faults, log lines of the instances, states. The same seed gives
    /// the same trace, byte for byte.
    std::string trace{};

    std::chrono::milliseconds simulated_time{0};
    SimulatedApplication::Output output{};

    bool passed() const noexcept { return violations.empty(); }

    /// Seed, violations, faults and the end of the trace, for humans.
    std::string to_string() const;
};

/// Runs several instances of an application on an embedded broker in this thread, in simulated
/// time. The seed decides which thread runs when, how long requests take, and what goes wrong and
/// when. At the end everything is healed, all input must be processed, and the output is compared
/// with that of one undisturbed instance.
///
/// A seed gives the same simulation each time, as long as the topology is deterministic: it must
/// not use threads, clocks or random numbers of its own.
///
/// Errors: throws the errors of the topology and of the settings. Threads: one simulation at a
/// time; its log lines go to the trace, and the log sink of the process is replaced meanwhile.
SimulationReport simulate(const SimulatedApplication& application,
                          const SimulationOptions& options = {});

}  // namespace millrace::testing
