// SPDX-License-Identifier: Apache-2.0

// One task as a stream thread runs it, without Kafka: the cost of a record from the fetched message
// to the record that is passed to the producer.
#include "core_share.hpp"
#include "millrace/millrace.hpp"
#include "support/running_task.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>

namespace millrace {
namespace {

using support::RunningTask;

constexpr std::int64_t kRound = 1000;

using Numbers = KStream<std::int64_t, std::int64_t>;

/// Source, that many stateless nodes, sink. The cost of one node is the slope between the rows.
void StatelessNodes(benchmark::State& state) {
    StreamsBuilder builder;
    Numbers stream = builder.stream<std::int64_t, std::int64_t>("in");
    for (std::int64_t node = 0; node < state.range(0); ++node) {
        switch (node % 3) {
            case 0:
                stream = stream.map_values([](const std::int64_t& value) { return value + 1; });
                break;
            case 1:
                stream = stream.filter([](const std::int64_t& value) { return value != 0; });
                break;
            default:
                stream = stream.peek([](const std::int64_t&, const std::int64_t& value) {
                    benchmark::DoNotOptimize(&value);
                });
        }
    }
    stream.to("out");
    RunningTask task(std::move(builder).build(), {});
    const bench::CoreShare share(state);
    for (auto step : state) {
        task.run(kRound);
    }
    state.SetItemsProcessed(state.iterations() * kRound);
}
BENCHMARK(StatelessNodes)->Arg(0)->Arg(1)->Arg(5)->Arg(10);

/// Values of 100 bytes, unchanged.
void Relay(benchmark::State& state) {
    StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").to("out");
    RunningTask task(std::move(builder).build(), {.value_size = 100});
    const bench::CoreShare share(state);
    for (auto step : state) {
        task.run(kRound);
    }
    state.SetItemsProcessed(state.iterations() * kRound);
}
BENCHMARK(Relay);

/// A count by key with a record cache, a changelog and a commit every 100,000 records.
void CountCached(benchmark::State& state) {
    constexpr std::int64_t kCommitEvery = 100 * kRound;
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::int64_t>("in")
        .group_by_key()
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    RunningTask task(std::move(builder).build(), {.keys = state.range(0)});
    task.run(2 * state.range(0));
    task.commit();
    std::int64_t records = 0;
    const bench::CoreShare share(state);
    for (auto step : state) {
        task.run(kRound);
        records += kRound;
        if (state.range(1) != 0 && records % kCommitEvery == 0) {
            task.commit();
        }
    }
    state.SetItemsProcessed(state.iterations() * kRound);
}
BENCHMARK(CountCached)->ArgNames({"keys", "commits"})->ArgsProduct({{1 << 13, 1 << 17}, {0, 1}});

}  // namespace
}  // namespace millrace
