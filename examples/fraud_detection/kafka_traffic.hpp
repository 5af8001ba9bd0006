// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace fraud {

/// Settings of a Kafka client in librdkafka's names: "bootstrap.servers" and others that the
/// cluster requires.
using KafkaSettings = std::map<std::string, std::string>;

/// Creates those topics of the example that do not exist, with that many partitions. Throws
/// std::runtime_error if the cluster refuses or does not respond within 30 s.
void create_topics(const KafkaSettings& settings, int partitions);

/// Sends records to Kafka, like the systems around the application; it does not use Millrace.
/// Records arrive once and, within a partition, in the order of the calls. Not thread-safe.
class KafkaSender {
  public:
    /// Throws std::runtime_error for an invalid setting.
    explicit KafkaSender(const KafkaSettings& settings);
    ~KafkaSender();
    KafkaSender(const KafkaSender&) = delete;
    KafkaSender& operator=(const KafkaSender&) = delete;

    /// Queues a record; waits while the queue is full. The key determines the partition, as in
    /// every Kafka client.
    void send(const std::string& topic, const std::string& key, const std::string& value,
              std::int64_t time_ms);

    /// Waits until all records are acknowledged. Throws std::runtime_error if any failed.
    void flush();

  private:
    class Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace fraud
