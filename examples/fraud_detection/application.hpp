// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"
#include "scorer.hpp"
#include "stop_signal.hpp"

#include "millrace/client/kafka_streams.hpp"
#include "millrace/client/streams_config.hpp"

namespace fraud {

/// Sets the log level of the command line.
void apply_log_level(const Options& options);

/// The settings of the command line. Throws millrace::ConfigError.
millrace::StreamsConfig streams_config(const Options& options);

/// The model of the command line, or the built-in one. Throws std::runtime_error.
Scorer scorer_of(const Options& options);

/// Runs on the embedded broker with generated traffic, prints the results, and returns the exit
/// code. A signal stops it early.
int run_demo(const Options& options, StopSignal& stop);

/// Runs on Kafka until a signal arrives, and returns the exit code.
int run_service(const Options& options, StopSignal& stop);

/// Sends generated traffic to Kafka and returns the exit code.
int run_generator(const Options& options, StopSignal& stop);

}  // namespace fraud
