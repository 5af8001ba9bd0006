// SPDX-License-Identifier: Apache-2.0
#include "topologies.hpp"

#include "millrace/millrace.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

namespace system_app {
namespace {

using namespace std::chrono_literals;
using millrace::JoinWindows;
using millrace::StreamsBuilder;
using millrace::TimeWindows;
using std::string;

string pair_of(const string& left, const string& right) {
    return left + "," + right;
}

void copy(StreamsBuilder& builder, const Options& options) {
    builder.stream<string, string>(options.input).to(options.output);
}

void count(StreamsBuilder& builder, const Options& options) {
    builder.stream<string, string>(options.input)
        .group_by_key()
        .count({.store = "counts"})
        .to_stream()
        .to(options.output);
}

/// The new key is the value up to the first colon.
void repartitioned_count(StreamsBuilder& builder, const Options& options) {
    builder.stream<string, string>(options.input)
        .select_key(
            [](const string&, const string& value) { return value.substr(0, value.find(':')); })
        .group_by_key({.name = "by-prefix"})
        .count({.store = "counts"})
        .to_stream()
        .to(options.output);
}

void windowed_count(StreamsBuilder& builder, const Options& options) {
    builder.stream<string, string>(options.input)
        .group_by_key()
        .windowed_by(TimeWindows::of(10s).grace(5s))
        .emit_strategy(millrace::EmitStrategy::kOnWindowClose)
        .count({.store = "counts"})
        .to_stream()
        .select_key([](const auto& window, const std::int64_t&) {
            return window.key + "@" +
                   std::to_string(millrace::milliseconds_of(window.window.start));
        })
        .to(options.output);
}

void stream_table_join(StreamsBuilder& builder, const Options& options) {
    const auto table = builder.table<string, string>(options.input_2, {.store = "table"});
    builder.stream<string, string>(options.input).join(table, pair_of).to(options.output);
}

void stream_stream_join(StreamsBuilder& builder, const Options& options) {
    const auto other = builder.stream<string, string>(options.input_2);
    builder.stream<string, string>(options.input)
        .join(other, pair_of, JoinWindows::of(10s).grace(1h), {.store = "joined"})
        .to(options.output);
}

using Build = void (*)(StreamsBuilder&, const Options&);

const std::map<string, Build>& builds() {
    static const std::map<string, Build> all{{"copy", copy},
                                             {"count", count},
                                             {"repartitioned-count", repartitioned_count},
                                             {"windowed-count", windowed_count},
                                             {"stream-table-join", stream_table_join},
                                             {"stream-stream-join", stream_stream_join}};
    return all;
}

}  // namespace

std::vector<string> workloads() {
    std::vector<string> names;
    for (const auto& [name, build] : builds()) {
        names.push_back(name);
    }
    return names;
}

bool has_second_input(const string& workload) {
    return workload.ends_with("-join");
}

millrace::Topology topology(const Options& options) {
    StreamsBuilder builder;
    builds().at(options.workload)(builder, options);
    return std::move(builder).build();
}

}  // namespace system_app
