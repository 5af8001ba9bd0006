// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "generator.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fraud {

/// The mode of the program.
enum class Mode {
    kDemo,      ///< Runs on the embedded broker with generated traffic, then prints the results.
    kService,   ///< Runs on Kafka until stopped.
    kGenerate,  ///< Sends generated traffic to Kafka.
    kExpect,    ///< Prints the expected results for generated traffic.
    kDescribe,  ///< Prints the topology.
};

struct Options {
    Mode mode = Mode::kDemo;
    TrafficOptions traffic{};
    /// The amount of traffic; the product of `--seconds` and `--rate` if it is not set.
    std::uint64_t payments = 0;
    /// Payments per second; 0: as fast as possible.
    double rate = 0;
    /// Payments to skip at the start, because they were sent before.
    std::uint64_t skip = 0;
    /// The start day was set on the command line.
    bool day_chosen = false;

    std::string bootstrap_servers{};
    std::string application_id{};
    std::string state_dir{};
    int partitions = 4;
    int threads = 2;
    /// Settings of Millrace, by their names in its configuration files.
    std::map<std::string, std::string> config{};
    /// The file of another model; empty: the built-in one.
    std::string model_file{};
    /// debug, info, warn, error or off; empty: error for the demo, otherwise info.
    std::string log_level{};
    bool quiet = false;
};

/// Reads the command line. Returns nothing if the program must exit with `exit_code`: after
/// printing help or an error message.
std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace fraud
