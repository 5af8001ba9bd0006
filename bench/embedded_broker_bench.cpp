// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace millrace::testing {
namespace {

constexpr std::int32_t kPartitions = 4;
constexpr std::size_t kValueSize = 100;
constexpr int kPerPoll = 1'000;

class NoListener final : public kafka::ProducerListener, public kafka::ConsumerListener {
  public:
    void on_failed_delivery(const kafka::FailedDelivery&) override {}
    std::vector<kafka::StartPosition> on_assigned(const std::vector<TopicPartition>&) override {
        return {};
    }
    void on_revoked(const std::vector<TopicPartition>&) override {}
    void on_lost(const std::vector<TopicPartition>&) override {}
    void on_partition_error(const TopicPartition&, const kafka::Status&) override {}
    void on_error(const kafka::Status&) override {}
};

std::vector<std::string> make_keys() {
    std::vector<std::string> keys;
    for (int i = 0; i < 4'096; ++i) {
        keys.push_back("key-" + std::to_string(1'000'000 + i));
    }
    return keys;
}

/// Sends `count` records with 11-byte keys and polls the producer after each thousand.
void produce(kafka::Producer& producer, kafka::TopicHandle topic, std::int64_t count) {
    static const std::vector<std::string> keys = make_keys();
    const std::string value(kValueSize, 'v');
    kafka::ProducerRecord record;
    record.topic = topic;
    record.value = value;
    record.timestamp = timestamp_of(1'750'000'000'000);
    for (std::int64_t i = 0; i < count; ++i) {
        record.key = keys[static_cast<std::size_t>(i) % keys.size()];
        benchmark::DoNotOptimize(producer.send(record).ok());
        if (i % kPerPoll == kPerPoll - 1) {
            producer.poll();
        }
    }
    benchmark::DoNotOptimize(producer.flush(std::chrono::seconds(10)).ok());
}

void Produce(benchmark::State& state) {
    constexpr std::int64_t kRecords = 200'000;
    EmbeddedBroker broker;
    NoListener listener;
    const auto producer = broker.clients()->make_producer({}, listener);
    std::int64_t round = 0;
    for (auto _ : state) {
        // A new topic for each iteration, so that memory does not grow.
        const std::string topic = "t" + std::to_string(round++);
        state.PauseTiming();
        broker.create_topic(topic, kPartitions);
        state.ResumeTiming();
        produce(*producer, producer->topic(topic), kRecords);
        state.PauseTiming();
        broker.delete_topic(topic);
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(Produce)->Unit(benchmark::kMillisecond);

void Consume(benchmark::State& state) {
    constexpr std::int64_t kRecords = 400'000;
    EmbeddedBroker broker;
    broker.create_topic("t", kPartitions);
    NoListener listener;
    const auto producer = broker.clients()->make_producer({}, listener);
    produce(*producer, producer->topic("t"), kRecords);
    std::vector<kafka::Message> messages;
    messages.reserve(kPerPoll);
    for (auto _ : state) {
        const auto consumer = broker.clients()->make_consumer({}, nullptr);
        std::vector<kafka::StartPosition> starts;
        for (Partition partition = 0; partition < kPartitions; ++partition) {
            starts.push_back({{"t", partition}, 0});
        }
        benchmark::DoNotOptimize(consumer->assign(starts, listener).ok());
        std::int64_t read = 0;
        std::uint64_t bytes = 0;
        while (read < kRecords) {
            consumer->poll(std::chrono::milliseconds(0));
            for (const auto& start : starts) {
                read += static_cast<std::int64_t>(
                    consumer->queue(start.partition)->read(messages, kPerPoll));
                for (const auto& message : messages) {
                    bytes += message.key()->size() + message.value()->size();
                }
                messages.clear();
            }
        }
        benchmark::DoNotOptimize(bytes);
    }
    state.SetItemsProcessed(state.iterations() * kRecords);
}
BENCHMARK(Consume)->Unit(benchmark::kMillisecond);

/// Consume, produce, commit offsets, as a stream thread does, in transactions of 1,000 records.
void Transact(benchmark::State& state) {
    EmbeddedBroker broker;
    broker.create_topic("t", kPartitions);
    NoListener listener;
    const auto producer =
        broker.clients()->make_producer({{"transactional.id", "bench"}}, listener);
    benchmark::DoNotOptimize(producer->init_transactions(std::chrono::seconds(1)).ok());
    const auto topic = producer->topic("t");
    const kafka::OffsetCommit offset{{"t", 0}, 1, -1, ""};
    for (auto _ : state) {
        benchmark::DoNotOptimize(producer->begin_transaction().ok());
        produce(*producer, topic, kPerPoll);
        benchmark::DoNotOptimize(
            producer->send_offsets({&offset, 1}, {}, std::chrono::seconds(1)).ok());
        benchmark::DoNotOptimize(producer->commit_transaction(std::chrono::seconds(1)).ok());
    }
    state.SetItemsProcessed(state.iterations() * kPerPoll);
}
BENCHMARK(Transact)->Iterations(2'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace millrace::testing
