// SPDX-License-Identifier: Apache-2.0

// The main cases of embedded_*_test.cpp, on a real Apache Kafka.
#include "core/random.hpp"
#include "integration/topic_reader.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "support/counting_topology.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pair;

class RuntimeOnKafka : public ::testing::Test {
  protected:
    explicit RuntimeOnKafka(KafkaBroker& kafka = KafkaBroker::shared())
        : broker(kafka),
          clients(clients_of(broker)),
          application(unique_name("runtime-app")),
          state_dir(std::filesystem::temp_directory_path() / unique_name("millrace-state")) {}
    ~RuntimeOnKafka() override { std::filesystem::remove_all(state_dir); }

    void create_topics(std::int32_t count) {
        partitions = count;
        in = make_topic(*clients, "runtime-in", count);
        out = make_topic(*clients, "runtime-out", count);
    }

    std::unique_ptr<KafkaStreams> counter(const std::string& instance = "one",
                                          std::chrono::milliseconds commit_interval = 200ms) {
        StreamsConfig config{.application_id = application,
                             .bootstrap_servers = broker.bootstrap_servers(),
                             .state_dir = state_dir / instance};
        config.commit_interval = commit_interval;
        config.set("consumer.session.timeout.ms", "6000");
        config.set("consumer.heartbeat.interval.ms", "500");
        config.set("consumer.max.poll.interval.ms", "10000");
        config.set("producer.linger.ms", "5");
        return std::make_unique<KafkaStreams>(counting_topology(on_record, in, out), config);
    }

    /// One record of each key, key k in partition k modulo the number of partitions.
    void produce_keys(int keys) {
        std::map<Partition, std::vector<std::string>> by_partition;
        RecordingProducerListener listener;
        const auto producer = clients->make_producer({}, listener);
        const auto topic = producer->topic(in);
        for (int key = 0; key < keys; ++key) {
            const std::string name = "k" + std::to_string(key);
            ASSERT_TRUE(
                producer
                    ->send(
                        {.topic = topic, .partition = key % partitions, .key = name, .value = "v"})
                    .ok());
        }
        ASSERT_TRUE(producer->flush(kPatience).ok());
    }

    std::map<std::string, std::string> table() const {
        std::map<std::string, std::string> rows;
        for (const auto& record :
             TopicReader(broker.bootstrap_servers()).read_all(out, partitions)) {
            rows[record.key] = record.value;
        }
        return rows;
    }

    std::int64_t lag() const {
        return TopicReader(broker.bootstrap_servers()).lag(application, in, partitions);
    }

    static double metric(const KafkaStreams& streams, const std::string& name) {
        double sum = 0;
        for (const ClientMetric& each : streams.metrics()) {
            sum += each.name == name ? each.value : 0;
        }
        return sum;
    }

    /// How many running tasks the threads of a client have.
    static std::size_t tasks_of(const KafkaStreams& streams) {
        std::size_t count = 0;
        for (const auto& thread : streams.metadata_for_local_threads()) {
            count += thread.tasks.size();
        }
        return streams.state() == ClientState::kRunning ? count : 0;
    }

    static bool eventually(const std::function<bool()>& holds) {
        const auto deadline = std::chrono::steady_clock::now() + 2 * kPatience;
        while (!holds() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(20ms);
        }
        return holds();
    }

    bool wait_for_records(int count) {
        return processed.wait_for(count) || processed.wait_for(count) || processed.wait_for(count);
    }

    KafkaBroker& broker;
    std::shared_ptr<kafka::ClientSupplier> clients;
    std::string application;
    std::filesystem::path state_dir;
    std::string in;
    std::string out;
    std::int32_t partitions = 1;
    Events processed;
    std::function<void(const support::StringRecord&)> on_record = [this](const auto&) {
        processed.happened();
    };
};

TEST_F(RuntimeOnKafka, CountsAndResumesWithoutReadingTheChangelogAgain) {
    create_topics(2);
    produce_keys(10);
    auto streams = counter();
    streams->start();
    ASSERT_TRUE(wait_for_records(10));
    ASSERT_TRUE(streams->close(kPatience));
    EXPECT_EQ(lag(), 0);

    streams = counter();
    streams->start();
    produce_keys(10);
    ASSERT_TRUE(wait_for_records(20));
    ASSERT_TRUE(streams->close(kPatience));

    EXPECT_EQ(metric(*streams, "restore-records-total"), 0);
    EXPECT_EQ(processed.count(), 20);
    EXPECT_EQ(table().size(), 10U);
    EXPECT_THAT(table(), Each(Pair(::testing::_, "2")));
}

TEST_F(RuntimeOnKafka, RebuildsDeletedStateFromTheChangelog) {
    create_topics(2);
    produce_keys(10);
    auto streams = counter();
    streams->start();
    ASSERT_TRUE(wait_for_records(10));
    ASSERT_TRUE(streams->close(kPatience));
    std::filesystem::remove_all(state_dir);

    streams = counter();
    streams->start();
    produce_keys(10);
    ASSERT_TRUE(wait_for_records(20));
    ASSERT_TRUE(streams->close(kPatience));

    EXPECT_EQ(metric(*streams, "restore-records-total"), 10);
    EXPECT_THAT(table(), Each(Pair(::testing::_, "2")));
}

TEST_F(RuntimeOnKafka, MovesTasksWhenAnInstanceJoinsAndAnotherLeaves) {
    create_topics(4);
    produce_keys(20);
    const auto first = counter("one");
    first->start();
    ASSERT_TRUE(wait_for_records(20));
    const auto second = counter("two");
    second->start();
    ASSERT_TRUE(second->wait_for(ClientState::kRunning, kPatience));
    produce_keys(20);
    ASSERT_TRUE(wait_for_records(40));
    ASSERT_TRUE(first->close(kPatience));
    produce_keys(20);
    ASSERT_TRUE(wait_for_records(60));
    ASSERT_TRUE(second->close(kPatience));

    EXPECT_EQ(processed.count(), 60) << "nothing is processed twice when all close in order";
    EXPECT_EQ(lag(), 0);
    EXPECT_EQ(table().size(), 20U);
    EXPECT_THAT(table(), Each(Pair(::testing::_, "3")));
}

TEST_F(RuntimeOnKafka, LosesNothingWhenAnInstanceDiesWithoutClosing) {
    create_topics(2);
    produce_keys(10);
    auto first = counter("one", 1h);
    first->start();
    ASSERT_TRUE(wait_for_records(10));
    first.reset();

    const auto second = counter("two");
    second->start();
    ASSERT_TRUE(wait_for_records(20)) << "what was not committed is processed again";
    ASSERT_TRUE(second->close(kPatience));

    EXPECT_EQ(lag(), 0);
    EXPECT_EQ(table().size(), 10U);
}

// A thread that does not poll for max.poll.interval.ms has left its group without knowing it.
TEST_F(RuntimeOnKafka, RejoinsAfterItWasTooSlowForItsGroup) {
    create_topics(2);
    Events taken_over;
    std::atomic<bool> slow{true};
    on_record = [&](const auto&) {
        if (slow.exchange(false)) {
            EXPECT_TRUE(taken_over.wait_for(1)) << "others take the partitions over";
        }
        processed.happened();
    };
    const auto first = counter("one");
    first->start();
    produce_keys(10);
    ASSERT_TRUE(eventually([&] { return !slow; }));
    on_record = [&](const auto&) {
        taken_over.happened();
        processed.happened();
    };
    const auto second = counter("two");
    second->start();
    ASSERT_TRUE(taken_over.wait_for(10));
    ASSERT_TRUE(eventually([&] { return tasks_of(*first) == 1 && tasks_of(*second) == 1; }))
        << "they share the work in the end";
    ASSERT_TRUE(first->close(kPatience));
    ASSERT_TRUE(second->close(kPatience));

    EXPECT_EQ(lag(), 0);
    EXPECT_EQ(table().size(), 10U) << "no record is lost";
}

/// With its own broker, which the test stops.
class RuntimeOnStoppedKafka : public RuntimeOnKafka {
  protected:
    RuntimeOnStoppedKafka() : RuntimeOnKafka(own()) {}
    ~RuntimeOnStoppedKafka() override { holder().reset(); }

  private:
    static std::unique_ptr<KafkaBroker>& holder() {
        static std::unique_ptr<KafkaBroker> kafka;
        return kafka;
    }
    static KafkaBroker& own() {
        holder() = std::make_unique<KafkaBroker>();
        return *holder();
    }
};

TEST_F(RuntimeOnStoppedKafka, WaitsForTheBrokerAtTheStartAndWhileRunning) {
    create_topics(1);
    produce_keys(5);
    broker.stop();
    const auto streams = counter();
    streams->start();
    EXPECT_FALSE(streams->wait_for(ClientState::kRunning, 3s));
    EXPECT_EQ(streams->state(), ClientState::kRebalancing);

    broker.start_again();
    ASSERT_TRUE(wait_for_records(5));
    broker.kill9();
    broker.start_again();
    produce_keys(5);
    ASSERT_TRUE(wait_for_records(10));
    ASSERT_TRUE(streams->close(kPatience));

    EXPECT_EQ(lag(), 0);
    EXPECT_EQ(table().size(), 5U);
    for (const auto& [key, count] : table()) {
        EXPECT_GE(std::stoi(count), 2) << key;
    }
}

}  // namespace
}  // namespace millrace::testing
