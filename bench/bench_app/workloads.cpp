// SPDX-License-Identifier: Apache-2.0
#include "workloads.hpp"

#include "millrace/millrace.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace bench {
namespace {

using namespace std::chrono_literals;
using millrace::SessionWindows;
using millrace::SlidingWindows;
using millrace::StreamsBuilder;
using millrace::TimeWindows;

// Key: 8 bytes. Value: amount, foreign key, record number, 8 bytes big-endian each, then filler.
using Key = std::int64_t;
using Value = std::string;

std::int64_t number_at(const Value& value, std::size_t offset) {
    return millrace::Serde<std::int64_t>::deserialize(millrace::BytesView(value).substr(offset, 8));
}

std::int64_t amount(const Value& value) {
    return number_at(value, 0);
}

Value with_amount(Value value, std::int64_t other) {
    value.replace(0, 8, millrace::Serde<std::int64_t>::serialize(other));
    return value;
}

// Sum of the amounts, both record numbers.
Value joined(const Value& left, const Value& right) {
    Value result;
    millrace::Serde<std::int64_t>::serialize_to(amount(left) + amount(right), result);
    result.append(left, 16, 8).append(right, 16, 8);
    return result;
}

// Count, sum, minimum and maximum of the amounts, and the last record's number.
Value add(Value state, const Value& value) {
    const std::int64_t payments = number_at(state, 0);
    const std::int64_t next = amount(value);
    const std::array<std::int64_t, 5> fields{
        payments + 1, number_at(state, 8) + next,
        payments == 0 ? next : std::min(number_at(state, 16), next),
        payments == 0 ? next : std::max(number_at(state, 24), next), number_at(value, 16)};
    state.clear();
    for (const std::int64_t field : fields) {
        millrace::Serde<std::int64_t>::serialize_to(field, state);
    }
    return state;
}

void relay(StreamsBuilder& builder, const Options& options) {
    builder.stream<std::optional<Value>, std::optional<Value>>(options.inputs[0])
        .to(options.output);
}

void filter_map(StreamsBuilder& builder, const Options& options) {
    builder.stream<Value, Value>(options.inputs[0])
        .filter([](const Value& value) { return (value[7] & 1) == 0; })
        .map_values([](const Value& value) { return with_amount(value, amount(value) * 3 + 1); })
        .to(options.output);
}

void count(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .group_by_key()
        .count({.store = "s", .caching = options.workload != "count-nocache"})
        .to_stream()
        .to(options.output);
}

// The latest value of each key; each update is sent at once.
void latest(StreamsBuilder& builder, const Options& options) {
    auto stream = builder.stream<Key, Value>(options.inputs[0]);
    if (options.workload == "rekey-latest-nocache") {
        stream = stream.select_key([](const Value& value) { return number_at(value, 8); });
    }
    stream.group_by_key()
        .reduce([](const Value&, const Value& next) { return next; },
                {.store = "s", .caching = false})
        .to_stream()
        .to(options.output);
}

void reduce(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .group_by_key()
        .reduce([](const Value& best,
                   const Value& next) { return amount(next) >= amount(best) ? next : best; },
                {.store = "s"})
        .to_stream()
        .to(options.output);
}

void aggregate(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .group_by_key()
        .aggregate(Value(40, '\0'), add, {.store = "s"})
        .to_stream()
        .to(options.output);
}

void windowed(StreamsBuilder& builder, const Options& options) {
    auto windows = TimeWindows::of(1min).grace(std::chrono::milliseconds(options.grace_ms));
    if (options.workload == "hopping") {
        windows = windows.advance_by(10s);
    }
    const auto counts = builder.stream<Key, Value>(options.inputs[0])
                            .group_by_key()
                            .windowed_by(windows)
                            .count({.store = "s"});
    if (options.workload == "suppress") {
        counts.suppress(millrace::UntilWindowCloses{}).to_stream().to(options.output);
    } else {
        counts.to_stream().to(options.output);
    }
}

void sliding(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .group_by_key()
        .windowed_by(SlidingWindows::of(10s).grace(std::chrono::milliseconds(options.grace_ms)))
        .count({.store = "s"})
        .to_stream()
        .to(options.output);
}

void session(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .group_by_key()
        .windowed_by(SessionWindows::of(5s).grace(std::chrono::milliseconds(options.grace_ms)))
        .count({.store = "s"})
        .to_stream()
        .to(options.output);
}

void stream_table(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .join(builder.table<Key, Value>(options.inputs.at(1)),
              [](const Value& value, const Value& row) {
                  return with_amount(value, amount(value) + amount(row));
              })
        .to(options.output);
}

void stream_stream(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .join(builder.stream<Key, Value>(options.inputs.at(1)), joined,
              millrace::JoinWindows::of(5s).grace(std::chrono::milliseconds(options.grace_ms)))
        .to(options.output);
}

void table_table(StreamsBuilder& builder, const Options& options) {
    builder.table<Key, Value>(options.inputs[0])
        .join(builder.table<Key, Value>(options.inputs.at(1)), joined)
        .to_stream()
        .to(options.output);
}

void foreign_key_join(StreamsBuilder& builder, const Options& options) {
    builder.table<Key, Value>(options.inputs[0])
        .join(builder.table<Key, Value>(options.inputs.at(1)),
              [](const Value& value) { return number_at(value, 8); }, joined, {}, {.store = "s"})
        .to_stream()
        .to(options.output);
}

void rekey_count(StreamsBuilder& builder, const Options& options) {
    builder.stream<Key, Value>(options.inputs[0])
        .select_key([](const Value& value) { return number_at(value, 8); })
        .group_by_key()
        .count({.store = "s"})
        .to_stream()
        .to(options.output);
}

using Build = void (*)(StreamsBuilder&, const Options&);

const std::map<std::string, Build>& workloads() {
    static const std::map<std::string, Build> all{{"relay", relay},
                                                  {"filter-map", filter_map},
                                                  {"count", count},
                                                  {"count-nocache", count},
                                                  {"reduce", reduce},
                                                  {"aggregate", aggregate},
                                                  {"tumbling", windowed},
                                                  {"hopping", windowed},
                                                  {"suppress", windowed},
                                                  {"sliding", sliding},
                                                  {"session", session},
                                                  {"stream-table", stream_table},
                                                  {"stream-stream", stream_stream},
                                                  {"table-table", table_table},
                                                  {"fk-join", foreign_key_join},
                                                  {"rekey-count", rekey_count},
                                                  {"latest-nocache", latest},
                                                  {"rekey-latest-nocache", latest}};
    return all;
}

}  // namespace

std::optional<millrace::Topology> make_topology(const Options& options) {
    const auto found = workloads().find(options.workload);
    if (found == workloads().end()) {
        return std::nullopt;
    }
    StreamsBuilder builder;
    found->second(builder, options);
    return std::move(builder).build();
}

bool has_hops(const std::string& workload) {
    return workload == "fk-join" || workload == "rekey-count" || workload == "rekey-latest-nocache";
}

}  // namespace bench
