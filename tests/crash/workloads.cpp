// SPDX-License-Identifier: Apache-2.0
#include "crash/workloads.hpp"

#include "millrace/millrace.hpp"
#include "state/format/state_corrupted.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace millrace::crash {

namespace {

using namespace std::chrono_literals;
using std::string;

constexpr int kKeys = 6;
constexpr int kRecords = 18;  // In a chunk.

constexpr int kRecordsUntilTrouble = 8;

std::atomic<Trouble> trouble{Trouble::kNone};
std::atomic<int> records_until_trouble{0};

void cause_trouble(const string&, const string&) {
    if (trouble == Trouble::kNone || --records_until_trouble > 0) {
        return;
    }
    switch (trouble.exchange(Trouble::kNone)) {
        case Trouble::kNone:
            break;
        case Trouble::kException:
            throw std::runtime_error("as a test demands");
        case Trouble::kDamage:
            throw state::StateCorrupted("as a test demands");
    }
}

auto input(StreamsBuilder& builder) {
    return builder.stream<string, string>("in").peek(cause_trouble);
}

string pair_of(const string& left, const string& right) {
    return left + "," + right;
}

string prefix(const string&, const string& value) {
    return value.substr(0, value.find(':'));
}

/// A repartitioned count with a cache, the records that it counts, and a count in memory.
Topology counts(bool before) {
    StreamsBuilder builder;
    const auto in = input(builder);
    const auto by_prefix = in.select_key(prefix).repartition({.name = "by-prefix"});
    by_prefix.group_by_key().count({.store = "counts"}).to_stream().to("counts");
    by_prefix.to("relayed");
    in.group_by_key()
        .count({.store = "seen", .engine = StoreEngine::kInMemory, .caching = false})
        .to_stream()
        .to("seen");
    if (before) {
        in.group_by_key().count({.store = "removed"});
    }
    return std::move(builder).build();
}

string label(const Windowed<string>& window, const std::int64_t&) {
    return window.key + "@" + std::to_string(milliseconds_of(window.window.start));
}

/// Windows that are emitted when they close, and windows that a suppression holds back.
Topology windows(bool) {
    StreamsBuilder builder;
    const auto in = input(builder);
    const auto grouped = in.group_by_key();
    grouped.windowed_by(TimeWindows::of(10s).grace(5s))
        .emit_strategy(EmitStrategy::kOnWindowClose)
        .count({.store = "closing", .retention = 20s})
        .to_stream()
        .select_key(label)
        .to("closed");
    grouped.windowed_by(TimeWindows::of(20s).grace(0s))
        .count({.store = "suppressed", .retention = 20s})
        .suppress(UntilWindowCloses{.name = "until-closed"})
        .to_stream()
        .select_key(label)
        .to("final");
    return std::move(builder).build();
}

/// A join of two streams, and one with a global table.
Topology joins(bool) {
    StreamsBuilder builder;
    const auto in = input(builder);
    const auto names = builder.global_table<string, string>("names", {.store = "names"});
    in.join(builder.stream<string, string>("other"), pair_of, JoinWindows::of(10s).grace(1h),
            {.store = "joined"})
        .to("joined");
    in.join(names, prefix, pair_of).to("named");
    return std::move(builder).build();
}

void produce_records(testing::EmbeddedBroker& broker, const string& topic, int chunk,
                     std::chrono::seconds later) {
    for (int i = 0; i < kRecords; ++i) {
        const int n = chunk * kRecords + i;
        broker.produce(
            topic, {.key = "key" + std::to_string(n % kKeys),
                    .value = "group" + std::to_string(n * 7 % 5) + ":" + topic + std::to_string(n),
                    .timestamp = timestamp_of(0) + n * 4s + later});
    }
}

}  // namespace

const std::vector<Workload>& workloads() {
    static const std::vector<Workload> all{
        {.name = "counts",
         .topology = counts,
         .inputs = {{"in", 2}},
         .outputs = {{"counts", Match::kGrowing},
                     {"relayed", Match::kSet},
                     {"seen", Match::kSequence}},
         .counts = {"counts", "seen"},
         .disk_stores = {"counts"}},
        {.name = "windows",
         .topology = windows,
         .inputs = {{"in", 2}},
         .outputs = {{"closed", Match::kSequence}, {"final", Match::kSequence}},
         .counts = {},
         .disk_stores = {"closing", "suppressed"}},
        {.name = "joins",
         .topology = joins,
         .inputs = {{"in", 2}, {"other", 2}},
         .outputs = {{"joined", Match::kSet}, {"named", Match::kSequence}},
         .counts = {},
         .disk_stores = {"joined-this-join-store", "joined-other-join-store"},
         .global_topic = "names"}};
    return all;
}

void expect(Trouble next) {
    records_until_trouble = kRecordsUntilTrouble;
    trouble = next;
}

void produce(testing::EmbeddedBroker& broker, const Workload& workload, int chunk) {
    if (!workload.global_topic.empty()) {
        // Only those of the first chunk are used.
        for (int i = 0; i < 5; ++i) {
            broker.produce(workload.global_topic,
                           {.key = (chunk == 0 ? "group" : "unused") + std::to_string(i),
                            .value = "name" + std::to_string(i)});
        }
    }
    for (const auto& [topic, partitions] : workload.inputs) {
        produce_records(broker, topic, chunk, topic == "in" ? 0s : 2s);
        for (std::int32_t p = 0; chunk == kChunks - 1 && p < partitions; ++p) {
            broker.produce(topic, {.key = "end" + std::to_string(p),
                                   .value = "end:" + topic,
                                   .timestamp = timestamp_of(0) + 2h,
                                   .partition = p});
        }
    }
}

}  // namespace millrace::crash
