// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/child_process.hpp"
#include "integration/topic_reader.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::testing {

/// What a process that counts works with.
struct Place {
    std::string application;
    std::string servers;
    std::string in;
    std::string out;
    std::filesystem::path state_dir;
    std::string variant{};  ///< Of the configuration, as a test names it. Empty: the usual one.
};

/// The program to kill: counts at the place that a ProcessToKill chose until the process ends.
/// Skips the test in a process that no ProcessToKill has started.
void run_until_killed(const std::function<StreamsConfig(const Place&)>& config_of);

/// Tests on a real Apache Kafka that kill a process with the topology of counting_topology.hpp: a
/// place of their own, and what happens there. The process is this test program, started again for
/// one test that calls run_until_killed().
class ProcessToKill : public ::testing::Test {
  protected:
    /// `prefix` begins the names of the application and its topics.
    explicit ProcessToKill(const std::string& prefix, const std::string& variant = {});
    ~ProcessToKill() override;

    /// Of processes that start from now on.
    void set_variant(const std::string& variant);

    /// Starts a process that runs that test.
    ChildProcess start(const std::string& test) const;

    /// To `keys` keys in turn.
    void produce(int records, int keys);

    /// How many records the application has not committed.
    std::int64_t lag() const;

    /// All records of the output topic.
    std::vector<ReadRecord> output() const;

    /// Waits for a condition; returns whether it holds.
    static bool eventually(const std::function<bool()>& holds);

    KafkaBroker& broker;
    std::shared_ptr<kafka::ClientSupplier> clients;
    Place place;
};

}  // namespace millrace::testing
