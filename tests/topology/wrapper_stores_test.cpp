// SPDX-License-Identifier: Apache-2.0

// Stores that a wrapper adds to processors.
#include "driver.hpp"
#include "wrappers.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using Calls = KeyValueStore<Text, std::int64_t>;

struct Ignore final : Processor<Text, Text> {
    void process(const Record<Text, Text>&) override {}
};

auto calls_store(const std::string& name) {
    return stores::key_value_store<Text, std::int64_t>(stores::in_memory_key_value_store(name));
}

/// Three sub-topologies, one with its own store.
void three_streams(StreamsBuilder& builder) {
    builder.stream<Text, Text>("x").filter([](const Text&) { return true; }).to("xo");
    builder.stream<Text, Text>("y").map_values([](const Text& value) { return value; }).to("yo");
    builder.stream<Text, Text>("z").group_by_key().count();
}

/// Adds a store "s-<its name>" to each processor.
TopologyOptions a_store_for_each() {
    TopologyOptions options;
    options.processor_wrapper = [](const std::string& name) {
        return WrappedProcessorSupplier{.stores = {calls_store("s-" + name)}};
    };
    return options;
}

TopologyOptions one_store_for_all() {
    TopologyOptions options;
    options.processor_wrapper = [](const std::string&) {
        return WrappedProcessorSupplier{.stores = {calls_store("calls")}};
    };
    return options;
}

/// A sub-topology of a source, a processor with its store "s-<its name>" and a sink, with nodes
/// numbered from 0000000000 + `first`.
std::string passing_through(int number, int first, const std::string& topic,
                            const std::string& verb) {
    const auto name = [first](const std::string& what, int offset) {
        return "KSTREAM-" + what + "-000000000" + std::to_string(first + offset);
    };
    const std::string source = name("SOURCE", 0);
    const std::string processor = name(verb, 1);
    const std::string sink = name("SINK", 2);
    return "Sub-topology: " + std::to_string(number) + "\n    Source: " + source + " (topics: [" +
           topic + "])\n      --> " + processor + "\n    Processor: " + processor +
           " (stores: [s-" + processor + "])\n      --> " + sink + "\n      <-- " + source +
           "\n    Sink: " + sink + " (topic: " + topic + "o)\n      <-- " + processor + "\n\n  ";
}

// As Apache Kafka Streams 4.3.0 prints it.
TEST(WrapperStores, AreDescribedAsTheProcessorsOwn) {
    EXPECT_EQ(described(three_streams, a_store_for_each()),
              "Topologies:\n   " + passing_through(0, 0, "x", "FILTER") +
                  passing_through(1, 3, "y", "MAPVALUES") + R"(Sub-topology: 2
    Source: KSTREAM-SOURCE-0000000006 (topics: [z])
      --> KSTREAM-AGGREGATE-0000000008
    Processor: KSTREAM-AGGREGATE-0000000008 (stores: [s-KSTREAM-AGGREGATE-0000000008, KSTREAM-AGGREGATE-STATE-STORE-0000000007])
      --> none
      <-- KSTREAM-SOURCE-0000000006

)");
}

TEST(WrapperStores, DoNotExistWithoutAWrapper) {
    TopologyOptions without_stores;
    without_stores.processor_wrapper = [](const std::string&) {
        return WrappedProcessorSupplier{
            .make = [] { return std::make_unique<WrappedProcessor>(); }};
    };
    const std::string plain = described(three_streams);

    EXPECT_THAT(plain, HasSubstr("KSTREAM-FILTER-0000000001 (stores: [])"));
    EXPECT_EQ(described(three_streams, without_stores), plain);
}

// Kafka Streams keeps them separate, each with a store of that name and the same changelog topic.
TEST(WrapperStores, UniteTheSubTopologiesThatShareThem) {
    const std::string text = described(three_streams, one_store_for_all());

    EXPECT_THAT(text, HasSubstr("KSTREAM-FILTER-0000000001 (stores: [calls])"));
    EXPECT_THAT(text, HasSubstr("KSTREAM-MAPVALUES-0000000004 (stores: [calls])"));
    EXPECT_THAT(text, HasSubstr("Sub-topology: 0"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("Sub-topology: 1")));
}

TopologyOptions counting_calls(const std::string& store) {
    return wrapping_with(
        [store](WrappedParts parts) {
            return Hooks{.process = [store, &context = parts.context](InnerProcessor& inner,
                                                                      const AnyRecord& record) {
                Calls calls = context.store<Calls>(store);
                calls.put(inner.name(), calls.get(inner.name()).value_or(0) + 1);
                inner.process(record);
            }};
        },
        {calls_store("calls")});
}

TEST(WrapperStores, CanBeReadAndWrittenByTheWrapper) {
    const auto program = [](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .filter([](const Text& value) { return value != "x"; }, {.name = "filter"})
            .peek([](const Text&) {}, {.name = "peek"});
    };
    Program run(program, counting_calls("calls"));
    for (const char* value : {"x", "y", "z"}) {
        run.pipe("in", "a", value, 1);
    }

    Calls calls(run.driver().key_value_store("calls"));
    EXPECT_EQ(calls.get("filter"), 3);
    EXPECT_EQ(calls.get("peek"), 2);
}

TEST(WrapperStores, HaveChangelogs) {
    Program run(
        [](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").peek([](const Text&) {}, {.name = "peek"});
        },
        counting_calls("calls"));
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(run.lines<std::int64_t>("test-calls-changelog"), ElementsAre("peek=1@1"));
}

TEST(WrapperStores, AreAddedToTheProcessorsOwn) {
    Program run(
        [](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").group_by_key().count(
                {.name = "count", .store = "counts"});
        },
        counting_calls("calls"));
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(run.driver().store_names(), UnorderedElementsAre("calls", "counts"));
    Calls calls(run.driver().key_value_store("calls"));
    EXPECT_EQ(calls.get("count"), 1);
}

TEST(WrapperStores, CannotBeUsedByOthers) {
    EXPECT_THAT(
        [] {
            Program run(
                [](StreamsBuilder& builder) {
                    builder.stream<Text, Text>("in").peek([](const Text&) {}, {.name = "peek"});
                },
                counting_calls("other"));
            run.pipe("in", "a", "x", 1);
        },
        ::testing::ThrowsMessage<Error>(
            HasSubstr("processor peek has no access to the store other")));
}

TEST(WrapperStores, MustBeDeclaredIdenticallyByAllThatShareThem) {
    TopologyOptions options;
    options.processor_wrapper = [](const std::string& name) {
        auto store = calls_store("calls");
        return WrappedProcessorSupplier{
            .stores = {name == "second" ? store.without_logging() : store}};
    };
    StreamsBuilder builder;
    builder.stream<Text, Text>("in")
        .peek([](const Text&) {}, {.name = "first"})
        .peek([](const Text&) {}, {.name = "second"});

    EXPECT_THAT([&] { std::move(builder).build(options); },
                ::testing::ThrowsMessage<TopologyError>(
                    HasSubstr("store calls, which the wrapper adds to processor second, differs "
                              "from its earlier declaration")));
}

/// The error for a topology whose wrapper adds a store "calls" to all processors.
template <class F>
std::string refusal_of(F program) {
    StreamsBuilder builder;
    program(builder);
    try {
        std::move(builder).build(one_store_for_all());
    } catch (const TopologyError& error) {
        return error.what();
    }
    return "none";
}

TEST(WrapperStores, CannotHaveTheNameOfAStoreOfTheTopology) {
    const std::string refused = "a store with this name already exists: calls; rename one of them";
    const auto make = [] { return std::make_unique<Ignore>(); };

    EXPECT_EQ(refusal_of([](StreamsBuilder& builder) {
                  builder.stream<Text, Text>("in").group_by_key().count({.store = "calls"});
              }),
              refused);
    EXPECT_EQ(refusal_of([](StreamsBuilder& builder) {
                  builder.global_table<Text, Text>("global", {.store = "calls"});
                  builder.stream<Text, Text>("in").peek([](const Text&) {});
              }),
              refused);
    EXPECT_EQ(refusal_of([&make](StreamsBuilder& builder) {
                  builder.stream<Text, Text>("in").process(
                      make, {.added_stores = {calls_store("calls")}});
              }),
              refused);
    TopologyBuilder builder(one_store_for_all().processor_wrapper);
    builder.add_source<Text, Text>("source", "in");
    EXPECT_THAT(
        [&] {
            builder.add_processor("p", make, {"source"}, {.added_stores = {calls_store("calls")}});
        },
        ::testing::ThrowsMessage<TopologyError>(refused));
}

TEST(WrapperStores, AreConnectedToProcessorsAddedOneByOne) {
    TopologyBuilder builder(one_store_for_all().processor_wrapper);
    builder.add_source<Text, Text>("source", "in")
        .add_processor("p", [] { return std::make_unique<Ignore>(); }, {"source"});

    EXPECT_THAT(builder.build().describe(), HasSubstr("Processor: p (stores: [calls])"));
}

TEST(WrapperStores, ThatAreRefusedDoNotChangeTheTopology) {
    TopologyBuilder builder(one_store_for_all().processor_wrapper);
    builder.add_source<Text, Text>("source", "in").add_state_store(calls_store("calls"));

    EXPECT_THROW(builder.add_processor("p", [] { return std::make_unique<Ignore>(); }, {"source"}),
                 TopologyError);
    EXPECT_THAT(builder.build().describe(), ::testing::Not(HasSubstr("Processor: p")));
}

}  // namespace
}  // namespace millrace
