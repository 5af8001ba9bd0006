// SPDX-License-Identifier: Apache-2.0
#include "workloads.hpp"

#include "millrace/millrace.hpp"
#include "random_topology.hpp"
#include "testing/simulation/random_numbers.hpp"
#include "testing/simulation/scheduler.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <utility>

namespace millrace::simulation {
namespace {

using namespace std::chrono_literals;
using testing::OutputComparison;
using testing::SimulatedApplication;
using testing::SimulatedInput;
using testing::simulated::RandomNumbers;
using Text = std::string;

Text pair_of(const Text& left, const Text& right) {
    return left + "," + right;
}

template <class W>
Text label(const W& windowed) {
    return windowed.key + "@" + std::to_string(milliseconds_of(windowed.window.start)) + "-" +
           std::to_string(milliseconds_of(windowed.window.end));
}

/// Labels of windowed results as keys.
struct Label {
    template <class W, class V>
    Text operator()(const W& windowed, const V&) const {
        return label(windowed);
    }
};

// The topologies.

void copy(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in").to("out");
}

void count(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .count({.store = "counts", .caching = false})
        .to_stream()
        .to("out");
}

/// With the record cache: fewer updates, the same last one.
void cached_count(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .count({.store = "counts"})
        .to_stream()
        .to("out");
}

/// The new key is the value up to the first colon.
void repartitioned_count(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .select_key([](const Text&, const Text& value) { return value.substr(0, value.find(':')); })
        .group_by_key({.name = "by-prefix"})
        .count({.store = "counts", .caching = false})
        .to_stream()
        .to("out");
}

/// Repartitioned twice.
void counts_of_counts(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .select_key([](const Text&, const Text& value) { return value.substr(0, value.find(':')); })
        .group_by_key({.name = "by-prefix"})
        .count({.store = "counts", .caching = false})
        .to_stream()
        .map([](const Text& key, const std::int64_t& count) {
            return std::pair<Text, Text>("all", key + std::to_string(count));
        })
        .group_by_key({.name = "all"})
        .count({.store = "all", .caching = false})
        .to_stream()
        .to("out");
}

void windowed_count(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(10s).grace(5s))
        .emit_strategy(EmitStrategy::kOnWindowClose)
        .count({.store = "counts"})
        .to_stream()
        .select_key([](const auto& window, const std::int64_t&) { return label(window); })
        .to("out");
}

void suppressed_count(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(TimeWindows::of(10s).grace(5s))
        .count({.store = "counts", .caching = false})
        .suppress(UntilWindowCloses{.name = "closed"})
        .to_stream_by(Label())
        .to("out");
}

void sessions(StreamsBuilder& builder) {
    builder.stream<Text, Text>("in")
        .group_by_key()
        .windowed_by(SessionWindows::of(3s).grace(10s))
        .count({.store = "sessions", .caching = false})
        .to_stream_by(Label())
        .to("out");
}

void stream_table_join(StreamsBuilder& builder) {
    const auto table = builder.table<Text, Text>("table", {.store = "table"});
    builder.stream<Text, Text>("in").join(table, pair_of).to("out");
}

void stream_stream_join(StreamsBuilder& builder) {
    const auto other = builder.stream<Text, Text>("other");
    builder.stream<Text, Text>("in")
        .join(other, pair_of, JoinWindows::of(10s).grace(1h), {.store = "joined"})
        .to("out");
}

void foreign_key_join(StreamsBuilder& builder) {
    const auto right = builder.table<Text, Text>("right", {.store = "right"});
    builder.table<Text, Text>("left", {.store = "left"})
        .join(right, [](const Text& value) { return value.substr(0, value.find(':')); }, pair_of,
              {.name = "fk"})
        .to_stream()
        .to("out");
}

void global_table_join(StreamsBuilder& builder) {
    const auto table = builder.global_table<Text, Text>("table", {.store = "table"});
    builder.stream<Text, Text>("in")
        .join(
            table, [](const Text& value) { return value.substr(0, value.find(':')); }, pair_of)
        .to("out");
}

// The input.

/// What the input of a workload needs.
enum class Times {
    kGrowing,   ///< Event time advances; some records are late.
    kConstant,  ///< The order between partitions must not matter.
};

/// Near the brokers' time: records that are older than their topic's retention are deleted.
constexpr std::int64_t kFirstTime = testing::simulated::kSimulationStart.time_since_epoch().count();

Text key_of(std::size_t number) {
    return "key" + std::to_string(number);
}

SimulatedInput record(const Text& topic, const Text& key, const Text& value, std::int64_t time) {
    return {.topic = topic,
            .record = {.key = key, .value = value, .timestamp = timestamp_of(time)}};
}

class Input {
  public:
    Input(SimulatedApplication& application, std::uint64_t seed)
        : application_(application), random_(seed) {}

    RandomNumbers& random() { return random_; }

    /// Records of a few keys. Values are different, and begin with one of a few prefixes.
    void add(const Text& topic, std::size_t records, Times times) {
        std::int64_t time = kFirstTime;
        for (std::size_t i = 0; i < records; ++i) {
            time += times == Times::kGrowing ? random_.between(0, 2'000) : 0;
            const std::int64_t late =
                times == Times::kGrowing && random_.one_in(5) ? random_.between(0, 6'000) : 0;
            application_.input.push_back(record(topic, key_of(random_.below(6)),
                                                prefix() + ":" + std::to_string(++values_),
                                                std::max(kFirstTime, time - late)));
        }
        last_time_ = time;
    }

    /// Closes all windows: a record of each partition, and again later, because results are emitted
    /// once a second.
    void close_windows(const Text& topic, std::int32_t partitions) {
        for (int round = 1; round <= 3; ++round) {
            for (Partition partition = 0; partition < partitions; ++partition) {
                auto last = record(topic, "last" + std::to_string(partition), "last",
                                   last_time_ + round * 100'000);
                last.record.partition = partition;
                last.pause = partition == 0 ? 2s : 0s;
                application_.input.push_back(std::move(last));
            }
        }
    }

    void prepare_table(const Text& topic, bool by_prefix, std::int64_t time = kFirstTime - 1'000) {
        for (std::size_t i = 0; i < 6; ++i) {
            application_.prepared.push_back(record(topic, by_prefix ? prefix_of(i) : key_of(i),
                                                   "row" + std::to_string(i), time));
        }
    }

    Text prefix() { return prefix_of(random_.below(6)); }

  private:
    static Text prefix_of(std::size_t number) { return Text(1, static_cast<char>('a' + number)); }

    SimulatedApplication& application_;
    RandomNumbers random_;
    int values_ = 0;
    std::int64_t last_time_ = kFirstTime;
};

struct Workload {
    void (*build)(StreamsBuilder&);  // Null: a random chain.
    std::vector<Text> topics;        // Of the input.
    OutputComparison comparison;
    std::function<void(Input&, std::int32_t partitions, std::size_t records)> fill;
};

/// Growing event time.
void fill_windows(Input& input, std::int32_t partitions, std::size_t records) {
    input.add("in", records, Times::kGrowing);
    input.close_windows("in", partitions);
}

void fill_in(Input& input, std::int32_t, std::size_t records) {
    input.add("in", records, Times::kConstant);
}

void fill_table(Input& input, std::int32_t, std::size_t records) {
    input.prepare_table("table", false);
    input.add("in", records, Times::kConstant);
}

void fill_global_table(Input& input, std::int32_t, std::size_t records) {
    input.prepare_table("table", true);
    input.add("in", records, Times::kConstant);
}

const std::map<Text, Workload>& all() {
    using enum OutputComparison;
    static const std::map<Text, Workload> workloads{
        {"copy", {copy, {"in"}, kEachKeyInOrder, fill_in}},
        {"count", {count, {"in"}, kEachKeyInOrder, fill_in}},
        {"cached-count", {cached_count, {"in"}, kLastOfEachKey, fill_in}},
        {"repartitioned-count", {repartitioned_count, {"in"}, kEachKeyInOrder, fill_in}},
        {"counts-of-counts", {counts_of_counts, {"in"}, kEachKeyInOrder, fill_in}},
        {"windowed-count", {windowed_count, {"in"}, kEachKeyInOrder, fill_windows}},
        {"suppressed-count", {suppressed_count, {"in"}, kEachKeyInOrder, fill_windows}},
        {"sessions", {sessions, {"in"}, kEachKeyInOrder, fill_windows}},
        {"stream-table-join", {stream_table_join, {"in", "table"}, kEachKeyInOrder, fill_table}},
        {"stream-stream-join",
         {stream_stream_join,
          {"in", "other"},
          kSameRecords,
          [](Input& input, std::int32_t, std::size_t records) {
              input.add("in", records / 2, Times::kConstant);
              input.add("other", records / 4, Times::kConstant);
          }}},
        {"foreign-key-join",
         {foreign_key_join,
          {"left", "right"},
          kLastOfEachKey,
          [](Input& input, std::int32_t, std::size_t records) {
              // A result has the time of the side that came last, in whatever order they are read.
              input.prepare_table("right", true, kFirstTime);
              input.add("left", records, Times::kConstant);
          }}},
        {"random-chain",
         {nullptr,
          {"in", "other", "table"},
          kSameRecords,
          [](Input& input, std::int32_t, std::size_t records) {
              input.prepare_table("table", false);
              input.add("in", records / 2, Times::kConstant);
              input.add("other", records / 4, Times::kConstant);
          }}},
        {"global-table-join",
         {global_table_join, {"in", "table"}, kEachKeyInOrder, fill_global_table}}};
    return workloads;
}

StreamsConfig settings(RandomNumbers& random, ProcessingGuarantee guarantee) {
    StreamsConfig config{.application_id = "app"};
    config.processing_guarantee = guarantee;
    config.commit_interval = random.between(20ms, 500ms);
    config.default_dsl_store = random.one_in(3) ? StoreEngine::kRocksDb : StoreEngine::kInMemory;
    config.statestore_flush_interval = 2s;
    config.rocksdb_max_background_jobs = 2;
    config.restore_threads = 2;
    config.others["session.timeout.ms"] = "6000";
    return config;
}

}  // namespace

std::vector<Text> workloads() {
    std::vector<Text> names;
    for (const auto& [name, each] : all()) {
        names.push_back(name);
    }
    return names;
}

SimulatedApplication workload(const Text& name, std::uint64_t seed, ProcessingGuarantee guarantee) {
    const Workload& chosen = all().at(name);
    SimulatedApplication application;
    application.comparison = chosen.comparison;
    if (chosen.build == nullptr) {
        StreamsBuilder builder;
        application.comparison = add_random_chain(builder, seed);
    }
    application.topology = [build = chosen.build, seed] {
        StreamsBuilder builder;
        if (build == nullptr) {
            add_random_chain(builder, seed);
        } else {
            build(builder);
        }
        return std::move(builder).build();
    };
    Input input(application, seed);
    const auto partitions = static_cast<std::int32_t>(input.random().between(1, 3));
    application.config = settings(input.random(), guarantee);
    for (const Text& topic : chosen.topics) {
        application.topics[topic] = partitions;
    }
    application.topics["out"] = 2;
    application.output = {"out"};
    chosen.fill(input, partitions, 20 + input.random().below(100));
    return application;
}

}  // namespace millrace::simulation
