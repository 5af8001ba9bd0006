// SPDX-License-Identifier: Apache-2.0

// A whole application whose input is the output of an exactly-once application: small transactions,
// some of them aborted. Instances join and leave cleanly during a backlog.
#include "integration/topic_reader.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "support/counting_topology.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;

constexpr Partition kPartitions = 4;
constexpr int kPerPartition = 6000;
constexpr int kPerTransaction = 10;
constexpr int kCount = kPartitions * kPerPartition;

std::string value_of(Partition partition, int number) {
    return std::to_string(partition) + "-" + std::to_string(number);
}

/// Writes all values of one partition, with an aborted transaction after every fifth one.
void write_transactions(kafka::ClientSupplier& clients, const std::string& topic,
                        Partition partition) {
    RecordingProducerListener listener;
    const auto producer =
        clients.make_producer({{"transactional.id", unique_name("writer")}}, listener);
    ASSERT_TRUE(producer->init_transactions(kPatience).ok());
    const auto handle = producer->topic(topic);
    const auto send = [&](const std::string& value) {
        ASSERT_TRUE(
            producer->send({.topic = handle, .partition = partition, .key = "k", .value = value})
                .ok());
    };
    for (int next = 0; next < kPerPartition;) {
        ASSERT_TRUE(producer->begin_transaction().ok());
        for (int i = 0; i < kPerTransaction; ++i) {
            send(value_of(partition, next++));
        }
        ASSERT_TRUE(producer->commit_transaction(kPatience).ok());
        if (next % (5 * kPerTransaction) == 0) {
            ASSERT_TRUE(producer->begin_transaction().ok());
            send("aborted");
            ASSERT_TRUE(producer->flush(kPatience).ok());
            ASSERT_TRUE(producer->abort_transaction(kPatience).ok());
        }
    }
}

void write_backlog(kafka::ClientSupplier& clients, const std::string& topic) {
    std::vector<std::thread> writers;
    for (Partition partition = 0; partition < kPartitions; ++partition) {
        writers.emplace_back([&, partition] { write_transactions(clients, topic, partition); });
    }
    for (std::thread& writer : writers) {
        writer.join();
    }
}

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 2 * kPatience;
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(10ms);
    }
    return holds();
}

std::size_t tasks_of(const KafkaStreams& streams) {
    std::size_t count = 0;
    for (const auto& thread : streams.metadata_for_local_threads()) {
        count += thread.tasks.size();
    }
    return count;
}

TEST(TransactionalInputOnKafka, IsCopiedWithoutLossOrDuplicatesWhileInstancesJoinAndLeave) {
    KafkaBroker& broker = KafkaBroker::shared();
    const auto clients = clients_of(broker);
    const std::string in = make_topic(*clients, "transactional-in", kPartitions);
    const std::string out = make_topic(*clients, "transactional-out", kPartitions);
    write_backlog(*clients, in);
    ASSERT_FALSE(::testing::Test::HasFailure());
    const std::string application = unique_name("copy");
    const TemporaryDirectory folder;
    std::atomic<int> processed = 0;
    const auto slow = [&](const support::StringRecord&) {
        std::this_thread::sleep_for(150us);
        ++processed;
    };
    const auto start = [&](const std::string& instance) {
        StreamsConfig config{.application_id = application,
                             .bootstrap_servers = broker.bootstrap_servers(),
                             .state_dir = folder.path() / instance};
        config.commit_interval = 100ms;
        config.set("consumer.isolation.level", "read_committed");
        config.set("consumer.session.timeout.ms", "6000");
        config.set("consumer.heartbeat.interval.ms", "200");
        config.set("producer.linger.ms", "5");
        auto streams =
            std::make_unique<KafkaStreams>(support::relay_topology(slow, in, out), config);
        streams->start();
        return streams;
    };

    const auto first = start("first");
    int joins = 0;
    while (processed < kCount - kCount / 8) {
        const int before = processed;
        const auto second = start("second");
        ASSERT_TRUE(eventually([&] { return tasks_of(*second) == 2 || processed >= kCount; }));
        ASSERT_TRUE(eventually([&] { return processed >= std::min(before + 2000, kCount); }));
        ASSERT_TRUE(second->close(kPatience));
        ++joins;
    }
    const TopicReader reader(broker.bootstrap_servers());
    ASSERT_TRUE(eventually([&] { return reader.lag(application, in, kPartitions) == 0; }));
    ASSERT_TRUE(first->close(kPatience));

    EXPECT_GE(joins, 2);
    std::vector<std::string> written;
    for (Partition partition = 0; partition < kPartitions; ++partition) {
        for (int number = 0; number < kPerPartition; ++number) {
            written.push_back(value_of(partition, number));
        }
    }
    std::vector<std::string> copied;
    for (const auto& record : reader.read_all(out, kPartitions)) {
        copied.push_back(record.value);
    }
    std::sort(written.begin(), written.end());
    std::sort(copied.begin(), copied.end());
    EXPECT_EQ(copied.size(), written.size());
    EXPECT_TRUE(copied == written) << "records were lost or doubled";
}

}  // namespace
}  // namespace millrace::testing
