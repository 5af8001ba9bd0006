// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/streams_config.hpp"

#include <string>
#include <vector>

namespace system_app {

struct Options {
    std::string workload;
    std::string input;
    std::string input_2;
    std::string output;
    bool next_version = false;  ///< Writes the group member data of the next version.
    millrace::StreamsConfig config;
};

/// Ends the process if the command line is wrong. Throws ConfigError for a refused setting.
Options parse(int argc, char** argv);

}  // namespace system_app
