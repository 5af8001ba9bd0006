// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"

#include "millrace/processor/topology.hpp"

namespace bench {

/// Processes the input to its end, makes the last commit and prints the results as one line of
/// JSON. Returns the exit code.
int drain(const millrace::Topology& topology, const Options& options);

/// Rebuilds the state from the changelog and prints the results.
int restore(const millrace::Topology& topology, const Options& options);

/// Prints READY and processes until SIGTERM or SIGINT.
int run(const millrace::Topology& topology, const Options& options);

}  // namespace bench
