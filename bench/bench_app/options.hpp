// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <string>
#include <vector>

namespace bench {

/// The command line of the side-by-side benchmarks; see docs/performance.md.
struct Options {
    std::string workload = "relay";
    std::string bootstrap;
    std::vector<std::string> inputs;
    std::string output;
    std::string app_id;
    std::string state_dir;
    int threads = 1;
    std::string guarantee = "at_least_once";
    long commit_ms = 0;  ///< 0: the workload's default.
    long cache_bytes = 10 << 20;
    long grace_ms = 10'000;
    double warm_fraction = 0.5;
    std::string mode = "drain";
    std::vector<std::string> settings;  ///< "name=value"
};

/// Exits on bad arguments and on --help.
Options parse(int argc, char** argv);

/// Throws millrace::ConfigError.
millrace::StreamsConfig streams_config(const Options& options);

}  // namespace bench
