// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/test_clients.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace millrace::testing {

/// The broker that a contract test uses.
enum class BrokerKind { kEmbedded, kRealKafka };

/// Behaviour of Kafka that the runtime relies on, tested on the embedded broker and on Apache
/// Kafka.
///
/// On the embedded broker everything happens in the test's thread, with manual time and without
/// waiting. On Apache Kafka the same steps are repeated until a deadline.
class Contract : public ::testing::TestWithParam<BrokerKind> {
  protected:
    Contract();

    bool real() const { return GetParam() == BrokerKind::kRealKafka; }

    /// A name that no other test uses.
    std::string unique(const std::string& prefix) const;

    /// Creates a topic with a unique name.
    std::string create_topic(std::int32_t partitions = 1,
                             const std::map<std::string, std::string>& config = {});

    /// Repeats `step` until it returns true; throws on timeout.
    void eventually(const std::string& what, const std::function<bool()>& step) const;

    /// How long a single poll within eventually() may wait.
    std::chrono::milliseconds patience() const;

    /// Advances the time of the broker and its clients.
    void let_pass(std::chrono::milliseconds time);

    kafka::Admin& admin() { return *admin_; }

    std::unique_ptr<TestConsumer> make_consumer(kafka::ClientSettings settings = {},
                                                std::shared_ptr<TestAssignor> assignor = nullptr);
    std::unique_ptr<TestProducer> make_producer(kafka::ClientSettings settings = {});

    /// Polls until `count` records have arrived in total; returns the records of the given
    /// partitions in the order of reading.
    std::vector<RecordCopy> read(TestConsumer& consumer, std::size_t count);

    /// All records of a partition, up to the end that is visible at this isolation level.
    std::vector<RecordCopy> read_all(const TopicPartition& partition,
                                     const std::string& isolation = "read_committed");

    Offset end_offset(const TopicPartition& partition,
                      kafka::Isolation isolation = kafka::Isolation::kReadUncommitted);

    /// Waits until read_committed consumers can read up to `end`. Apache Kafka responds to the end
    /// of a transaction before it has written the markers.
    void await_committed(const TopicPartition& partition, Offset end);

    /// Polls these consumers in turn until the condition holds.
    void poll_until(const std::string& what, const std::vector<TestConsumer*>& consumers,
                    const std::function<bool()>& holds);

  private:
    kafka::ClientSettings completed(kafka::ClientSettings settings) const;

    std::unique_ptr<EmbeddedBroker> broker_;
    std::shared_ptr<kafka::ClientSupplier> clients_;
    std::unique_ptr<kafka::Admin> admin_;
};

}  // namespace millrace::testing
