// SPDX-License-Identifier: Apache-2.0

// A whole application with threads on the embedded broker, from the first input record to the last
// commit. One iteration is one application that starts, processes everything and closes.
#include "millrace/client/kafka_streams.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/temporary_directory.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::millrace::testing::EmbeddedBroker;

constexpr std::int64_t kRecords = 100'000;
constexpr std::int32_t kPartitions = 4;

void fill(EmbeddedBroker& broker) {
    broker.create_topic("in", kPartitions);
    const std::string value(100, 'v');
    for (std::int64_t i = 0; i < kRecords; ++i) {
        const Bytes key = Serde<std::int64_t>::serialize(i * 7919 % 10'000);
        broker.produce("in", {.key = key, .value = value, .timestamp = timestamp_of(i)});
    }
}

double processed(const KafkaStreams& streams) {
    double sum = 0;
    for (const ClientMetric& each : streams.metrics()) {
        sum += each.name == "process-total" ? each.value : 0;
    }
    return sum;
}

void run_to_the_end(benchmark::State& state, const Topology& topology) {
    EmbeddedBroker broker;
    fill(broker);
    std::int64_t round = 0;
    for (auto step : state) {
        state.PauseTiming();
        const ::millrace::testing::TemporaryDirectory folder;
        broker.create_topic("out", kPartitions);
        StreamsConfig config;
        config.application_id = "app" + std::to_string(round++);
        config.state_dir = folder.path();
        config.commit_interval = 30s;
        config.log_summary_interval = 0ms;
        KafkaStreams streams(topology, config, broker.clients());
        state.ResumeTiming();
        streams.start();
        while (processed(streams) < static_cast<double>(kRecords)) {
            std::this_thread::sleep_for(1ms);
        }
        if (!streams.close(60s)) {
            throw std::runtime_error("the application could not be closed");
        }
        state.PauseTiming();
        broker.delete_topic("out");
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * kRecords);
}

void Relay(benchmark::State& state) {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::string>("in").to("out");
    run_to_the_end(state, std::move(builder).build());
}
BENCHMARK(Relay)->Unit(benchmark::kMillisecond)->UseRealTime();

void Count(benchmark::State& state) {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::string>("in")
        .group_by_key()
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    run_to_the_end(state, std::move(builder).build());
}
BENCHMARK(Count)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace millrace
