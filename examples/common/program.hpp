// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/kafka_streams.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/processor/topology.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace example {

/// The options of every example.
struct Options {
    std::string bootstrap_servers;
    std::string state_dir;
    std::vector<std::string> config;
};

void add_options(CLI::App& app, Options& options);

/// Throws std::runtime_error for a setting without "=", ConfigError for an invalid one.
millrace::StreamsConfig streams_config(const std::string& application_id, const Options& options);

/// Runs on Kafka until SIGINT or SIGTERM; the topics of the topology must exist. Returns the exit
/// code. Call it before any thread is started.
int run_on_kafka(const millrace::Topology& topology, const millrace::StreamsConfig& config);

/// Waits until the application has read all records of the topics for which `is_read` is true.
/// Throws std::runtime_error if the application has stopped.
void wait_until_read(const millrace::testing::EmbeddedBroker& broker,
                     const millrace::KafkaStreams& streams, const std::string& application_id,
                     const std::function<bool(const std::string& topic)>& is_read);

/// Prints the latest number of each key in a topic of counts.
void print_counts(const millrace::testing::EmbeddedBroker& broker, const std::string& topic);

/// A folder that is deleted with the object.
class TemporaryFolder {
  public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

/// Runs `program` and returns its exit code; errors are printed after the program's name.
int run(const char* name, const std::function<int()>& program);

}  // namespace example
