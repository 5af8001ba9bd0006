// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/counting_topology.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::testing {

enum class BrokerKind { kEmbedded, kRealKafka };

/// A record to send to a partition, with a timestamp.
struct Sent {
    Partition partition = 0;
    std::string key{};
    std::string value{};
    std::int64_t time = 0;  ///< Milliseconds since kDay.
};

/// A record that was read.
struct Got {
    Partition partition = 0;
    std::string key{};
    std::string value{};
    std::map<std::string, std::string> headers{};
};

/// DSL topologies as users run them, on the embedded broker and on Apache Kafka: the results must
/// be the same.
class Application : public ::testing::TestWithParam<BrokerKind> {
  protected:
    /// Brokers refuse records with other timestamps.
    static constexpr std::int64_t kDay = 1'750'000'000'000;

    Application();
    ~Application() override;

    /// A topic with a unique name.
    std::string create_topic(const std::string& prefix, Partition partitions = 1,
                             const std::map<std::string, std::string>& config = {});
    /// A topic with one partition and exactly that name.
    void create_named_topic(const std::string& name);

    void send(const std::string& topic, const std::vector<Sent>& records);

    /// All records of a topic, by partition and offset.
    std::vector<Got> read(const std::string& topic, Partition partitions) const;

    /// The same as "key=value", without the partition.
    std::vector<std::string> read_lines(const std::string& topic, Partition partitions = 1) const;

    /// Whether a topic with one partition has that many records within kPatience.
    bool wait_for_lines(const std::string& topic, std::size_t count) const;

    StreamsConfig config() const;
    std::unique_ptr<KafkaStreams> client(const Topology& topology,
                                         const StreamsConfig& config) const;
    const std::shared_ptr<kafka::ClientSupplier>& clients() const noexcept { return clients_; }
    const std::string& application() const noexcept { return application_; }

    /// Deletes the state on disk. Requires that no client runs.
    void forget_state();

    support::Events processed;

  private:
    bool real() const { return GetParam() == BrokerKind::kRealKafka; }

    std::string application_;
    TemporaryDirectory folder_;
    std::unique_ptr<EmbeddedBroker> embedded_;
    std::shared_ptr<kafka::ClientSupplier> clients_;
};

}  // namespace millrace::testing
