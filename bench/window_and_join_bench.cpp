// SPDX-License-Identifier: Apache-2.0

// One task as a stream thread runs it, without Kafka: the cost of a record in windows, sessions and
// joins, in RocksDB below a record cache, with changelogs. Values of 100 bytes, 1, 10 or 100
// records per millisecond of stream time, a commit every 100,000 records.
#include "core_share.hpp"
#include "millrace/millrace.hpp"
#include "support/running_task.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::RunningTask;

constexpr std::int64_t kRound = 1000;
constexpr std::int64_t kCommitEvery = 100 * kRound;

using Payments = KStream<std::int64_t, std::string>;

/// Runs the topology in rounds, after a warm-up of one commit interval of records.
void measure(benchmark::State& state, StreamsBuilder builder, RunningTask::Options options) {
    options.value_size = 100;
    options.per_millisecond = state.range(0);
    RunningTask task(std::move(builder).build(), std::move(options));
    task.run(kCommitEvery);
    task.commit();
    std::int64_t records = 0;
    const bench::CoreShare share(state);
    for (auto step : state) {
        task.run(kRound);
        records += kRound;
        if (records % kCommitEvery == 0) {
            task.commit();
        }
    }
    state.SetItemsProcessed(state.iterations() * kRound);
}

constexpr std::int64_t kTenThousand = 1 << 13;
constexpr std::int64_t kHundredThousand = 1 << 17;

void TumblingCount(benchmark::State& state) {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::string>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(1min).grace(10s))
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    measure(state, std::move(builder), {.keys = kTenThousand});
}
BENCHMARK(TumblingCount)->ArgName("per_ms")->Arg(1)->Arg(10)->Arg(100);

void HoppingCount(benchmark::State& state) {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::string>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(10s).advance_by(2s).grace(10s))
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    measure(state, std::move(builder), {.keys = kTenThousand});
}
BENCHMARK(HoppingCount)->ArgName("per_ms")->Arg(1)->Arg(10)->Arg(100);

void SessionCount(benchmark::State& state) {
    StreamsBuilder builder;
    builder.stream<std::int64_t, std::string>("in")
        .group_by_key()
        .windowed_by(SessionWindows::of(5s).grace(10s))
        .count({.store = "counts"})
        .to_stream()
        .to("out");
    measure(state, std::move(builder), {.keys = kTenThousand});
}
BENCHMARK(SessionCount)->ArgName("per_ms")->Arg(1)->Arg(10)->Arg(100);

void StreamTableJoin(benchmark::State& state) {
    StreamsBuilder builder;
    const auto table = builder.table<std::int64_t, std::string>("rows", {.store = "rows"});
    builder.stream<std::int64_t, std::string>("in")
        .join(table,
              [](const std::string& value, const std::string& row) {
                  benchmark::DoNotOptimize(&row);
                  return value;
              })
        .to("out");
    measure(state, std::move(builder), {.keys = kTenThousand, .table = "rows"});
}
BENCHMARK(StreamTableJoin)->ArgName("per_ms")->Arg(1)->Arg(10)->Arg(100);

/// Half of the records come from each side.
void StreamStreamJoin(benchmark::State& state) {
    StreamsBuilder builder;
    const Payments other = builder.stream<std::int64_t, std::string>("other");
    builder.stream<std::int64_t, std::string>("in")
        .join(
            other,
            [](const std::string& mine, const std::string& theirs) {
                benchmark::DoNotOptimize(&theirs);
                return mine;
            },
            JoinWindows::of(1s).grace(1s))
        .to("out");
    measure(state, std::move(builder), {.keys = kHundredThousand, .stream = "other"});
}
BENCHMARK(StreamStreamJoin)->ArgName("per_ms")->Arg(1)->Arg(10)->Arg(100);

}  // namespace
}  // namespace millrace
