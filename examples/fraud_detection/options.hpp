// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "generator.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fraud {

/// What the program does.
enum class Mode {
    kDemo,      ///< Runs on the embedded broker with generated traffic, then says what came out.
    kService,   ///< Runs on Kafka until stopped.
    kGenerate,  ///< Sends generated traffic to Kafka.
    kExpect,    ///< Says what must come out of generated traffic.
    kDescribe,  ///< Prints the topology.
};

struct Options {
    Mode mode = Mode::kDemo;
    TrafficOptions traffic{};
    /// How much traffic; what `--seconds` and `--rate` come to unless given.
    std::uint64_t payments = 0;
    /// Payments a second; 0: as fast as possible.
    double rate = 0;
    /// Payments to leave out at the beginning, because they were sent before.
    std::uint64_t skip = 0;
    /// The day the traffic begins was chosen on the command line.
    bool day_chosen = false;

    std::string bootstrap_servers{};
    std::string application_id{};
    std::string state_dir{};
    int partitions = 4;
    int threads = 2;
    /// Settings of Millrace, by their names in its configuration files.
    std::map<std::string, std::string> config{};
    /// A file with another model; empty: the one built in.
    std::string model_file{};
    /// debug, info, warn, error or off; empty: error for the demo, else info.
    std::string log_level{};
    bool quiet = false;
};

/// Reads the command line. Nothing if the program is to end at once, with `exit_code`: because it
/// was asked for help, or the command line is wrong, which this has said then.
std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace fraud
