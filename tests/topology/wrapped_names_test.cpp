// SPDX-License-Identifier: Apache-2.0

// Which processors a wrapper is called for, and in which order. The lists are those of Apache Kafka
// Streams 4.3.0 for the same topologies.
#include "driver.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

using Names = std::vector<std::string>;

/// Records the names and wraps nothing.
ProcessorWrapper noting(Names& names) {
    return [&names](const std::string& name) {
        names.push_back(name);
        return WrappedProcessorSupplier{};
    };
}

template <class F>
Names shown(F program, TopologyOptions options = {}) {
    Names names;
    options.processor_wrapper = noting(names);
    StreamsBuilder builder;
    program(builder);
    std::move(builder).build(options);
    return names;
}

struct Discard final : Processor<Text, Text> {
    void process(const Record<Text, Text>&) override {}
};
struct Pass final : Processor<Text, Text, Text, Text> {
    void process(const Record<Text, Text>& record) override { context().forward(record); }
};
struct PassValues final : FixedKeyProcessor<Text, Text, Text> {
    void process(const FixedKeyRecord<Text, Text>& record) override { context().forward(record); }
};

auto make_discard = [] { return std::make_unique<Discard>(); };
auto make_pass = [] { return std::make_unique<Pass>(); };

auto store(const std::string& name) {
    return stores::key_value_store<Text, Text>(stores::in_memory_key_value_store(name));
}

const auto first = [](const Text& a, const Text&) { return a; };

TEST(WrappedNames, AreThoseOfStatelessVerbs) {
    const Names names = shown([](StreamsBuilder& builder) {
        const auto in = builder.stream<Text, Text>("in");
        in.filter([](const Text&) { return true; })
            .filter_not([](const Text&) { return false; })
            .map_values([](const Text& value) { return value; })
            .map([](const Text& key, const Text& value) { return std::pair(key, value); })
            .flat_map([](const Text& key, const Text& value) {
                return std::vector{std::pair(key, value)};
            })
            .flat_map_values([](const Text& value) { return std::vector{value}; })
            .select_key([](const Text& value) { return value; })
            .peek([](const Text&) {})
            .merge(in)
            .process(make_pass)
            .process_values([] { return std::make_unique<PassValues>(); })
            .repartition()
            .to("out");
        in.foreach ([](const Text&) {});
        in.print();
        in.split({.name = "split-"}).branch([](const Text&) { return true; }).otherwise();
    });

    EXPECT_THAT(names, ElementsAre("KSTREAM-FILTER-0000000001", "KSTREAM-FILTER-0000000002",
                                   "KSTREAM-MAPVALUES-0000000003", "KSTREAM-MAP-0000000004",
                                   "KSTREAM-FLATMAP-0000000005", "KSTREAM-FLATMAPVALUES-0000000006",
                                   "KSTREAM-KEY-SELECT-0000000007", "KSTREAM-PEEK-0000000008",
                                   "KSTREAM-MERGE-0000000009", "KSTREAM-PROCESSOR-0000000010",
                                   "KSTREAM-PROCESSVALUES-0000000011", "KSTREAM-FILTER-0000000014",
                                   "KSTREAM-FOREACH-0000000017", "KSTREAM-PRINTER-0000000018",
                                   "split-", "split-1", "split-0"));
}

TEST(WrappedNames, AreThoseOfAggregates) {
    const Names names = shown([](StreamsBuilder& builder) {
        const auto groups =
            builder.stream<Text, Text>("in").group_by([](const Text& value) { return value; });
        groups.count().suppress(UntilTimeLimit{.limit = 1s}).to_stream().to("o1");
        groups.reduce(first);
        groups.windowed_by(TimeWindows::of(1s).grace(0ms)).count();
        groups.windowed_by(SlidingWindows::of(1s).grace(0ms)).count();
        groups.windowed_by(SessionWindows::of(1s).grace(0ms)).count();
        groups
            .cogroup<Text>(
                [](const Text&, const Text& value, const Text& all) { return value + all; })
            .aggregate(Text());
    });

    EXPECT_THAT(
        names,
        ElementsAre("KSTREAM-KEY-SELECT-0000000001", "KSTREAM-FILTER-0000000005",
                    "KSTREAM-AGGREGATE-0000000003", "KTABLE-SUPPRESS-0000000007",
                    "KTABLE-TOSTREAM-0000000009", "KSTREAM-FILTER-0000000014",
                    "KSTREAM-REDUCE-0000000012", "KSTREAM-FILTER-0000000019",
                    "KSTREAM-AGGREGATE-0000000017", "KSTREAM-FILTER-0000000024",
                    "KSTREAM-AGGREGATE-0000000022", "KSTREAM-FILTER-0000000029",
                    "KSTREAM-AGGREGATE-0000000027",
                    "COGROUPKSTREAM-AGGREGATE-STATE-STORE-0000000031-repartition-filter",
                    "COGROUPKSTREAM-AGGREGATE-0000000035", "COGROUPKSTREAM-MERGE-0000000036"));
}

struct SameText final : ValueTransformer<Text, Text, Text> {
    MaybeText transform(const Text&, const Text* value) override {
        return value != nullptr ? MaybeText(*value) : std::nullopt;
    }
};

// The source of a global table and the processor of a global store are excluded.
TEST(WrappedNames, AreThoseOfTablesButNotOfGlobalOnes) {
    const Names names = shown([](StreamsBuilder& builder) {
        const auto table = builder.table<Text, Text>("t", {.store = "tstore"});
        const auto other = builder.table<Text, Text>("u");
        const auto global = builder.global_table<Text, Text>("g");
        table.filter([](const Text&) { return true; })
            .map_values([](const Text& value) { return value; })
            .to_stream()
            .to("o0");
        table.transform_values([] { return std::make_unique<SameText>(); }).to_stream().to("o9");
        table.join(other, first).to_stream().to("o1");
        table
            .left_join(
                other, [](const Text& value) { return value; },
                [](const Text& a, const Text*) { return a; })
            .to_stream()
            .to("o2");
        const auto by_value = [](const Text& key, const Text& value) {
            return std::pair(value, key);
        };
        table.group_by(by_value).count();
        table.group_by(by_value).reduce(first, first);
        const auto in = builder.stream<Text, Text>("in");
        in.join(table, first).to("o3");
        in.join(global, [](const Text& key, const Text&) { return key; }, first).to("o4");
        builder.add_global_store<Text, Text>(store("gs"), "gt", make_discard);
    });

    EXPECT_THAT(
        names,
        ElementsAre(
            "KTABLE-SOURCE-0000000001", "KTABLE-SOURCE-0000000004", "KTABLE-FILTER-0000000008",
            "KTABLE-MAPVALUES-0000000009", "KTABLE-TOSTREAM-0000000010",
            "KTABLE-TRANSFORMVALUES-0000000012", "KTABLE-TOSTREAM-0000000013",
            "KTABLE-JOINTHIS-0000000016", "KTABLE-JOINOTHER-0000000017", "KTABLE-MERGE-0000000015",
            "KTABLE-TOSTREAM-0000000018", "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000021",
            "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-0000000025",
            "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-0000000026",
            "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-0000000027",
            "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-0000000031",
            "KTABLE-FK-JOIN-OUTPUT-0000000032", "KTABLE-TOSTREAM-0000000034",
            "KTABLE-SELECT-0000000036", "KTABLE-AGGREGATE-0000000040", "KTABLE-SELECT-0000000041",
            "KTABLE-REDUCE-0000000045", "KSTREAM-JOIN-0000000047", "KSTREAM-LEFTJOIN-0000000049"));
}

TEST(WrappedNames, AreThoseOfJoinsOfStreams) {
    const Names names = shown([](StreamsBuilder& builder) {
        const auto left = builder.stream<Text, Text>("in");
        const auto right = builder.stream<Text, Text>("in2");
        const auto windows = JoinWindows::of(1s).grace(0ms);
        const auto any = [](const Text* a, const Text* b) { return a != nullptr ? *a : *b; };
        left.join(right, first, windows).to("o1");
        left.left_join(right, [](const Text& a, const Text*) { return a; }, windows).to("o2");
        left.outer_join(right, any, windows).to("o3");
        left.join(left, first, windows).to("o4");
    });

    EXPECT_THAT(names, ElementsAre("KSTREAM-WINDOWED-0000000002", "KSTREAM-WINDOWED-0000000003",
                                   "KSTREAM-JOINTHIS-0000000004", "KSTREAM-JOINOTHER-0000000005",
                                   "KSTREAM-MERGE-0000000006", "KSTREAM-WINDOWED-0000000008",
                                   "KSTREAM-WINDOWED-0000000009", "KSTREAM-JOINTHIS-0000000010",
                                   "KSTREAM-OUTEROTHER-0000000011", "KSTREAM-MERGE-0000000012",
                                   "KSTREAM-WINDOWED-0000000014", "KSTREAM-WINDOWED-0000000015",
                                   "KSTREAM-OUTERTHIS-0000000016", "KSTREAM-OUTEROTHER-0000000017",
                                   "KSTREAM-MERGE-0000000018", "KSTREAM-WINDOWED-0000000020",
                                   "KSTREAM-WINDOWED-0000000021", "KSTREAM-JOINTHIS-0000000022",
                                   "KSTREAM-JOINOTHER-0000000023", "KSTREAM-MERGE-0000000024"));
}

TEST(WrappedNames, AreThoseThatTheOptimiserKeeps) {
    const Names names = shown(
        [](StreamsBuilder& builder) {
            const auto in = builder.stream<Text, Text>("in");
            in.join(in, first, JoinWindows::of(1s).grace(0ms)).to("out");
        },
        TopologyOptions::optimized());

    EXPECT_THAT(names, ElementsAre("KSTREAM-WINDOWED-0000000001", "KSTREAM-MERGE-0000000005"));
}

TEST(WrappedNames, AreThoseOfAddedProcessorsButNotOfTheOnesThatFillStores) {
    Names names;
    TopologyBuilder builder(noting(names));
    builder.add_source<Text, Text>("source", "topic")
        .add_processor("p1", make_pass, {"source"})
        .add_processor("p2", make_pass, {"p1"})
        .add_sink<Text, Text>("sink", "out", {"p2"})
        .add_global_store<Text, Text>(store("g"), "gsource", "gtopic", "gproc", make_discard)
        .add_read_only_store<Text, Text>(store("ro"), "rsource", "rtopic", "rproc", make_discard);

    EXPECT_THAT(names, ElementsAre("p1", "p2"));
}

TEST(WrappedNames, AreThoseOfProcessorsAddedToAWrappedTopology) {
    Names names;
    StreamsBuilder dsl;
    dsl.stream<Text, Text>("in").peek([](const Text&) {}, {.name = "dsl"}).to("out");
    const Topology topology = std::move(dsl).build({.processor_wrapper = noting(names)});
    TopologyBuilder builder(topology);
    builder.add_processor("later", make_pass, {"dsl"});

    EXPECT_THAT(names, ElementsAre("dsl", "later"));
}

}  // namespace
}  // namespace millrace
