// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<Text> kInvalid = {"", ".", "..", "a b", "a/b", "ä", Text(250, 'a')};

void refused(const Text& verb, const Text& topic,
             const std::function<void(StreamsBuilder&)>& program) {
    EXPECT_THAT([&] { described(program); },
                ThrowsMessage<TopologyError>(AllOf(HasSubstr(verb), HasSubstr("'" + topic + "'"),
                                                   HasSubstr("1 to 249 letters"))));
}

TEST(TopicNames, AreCheckedByTheVerbThatTakesThem) {
    for (const Text& name : kInvalid) {
        SCOPED_TRACE(name);
        refused("stream()", name,
                [&](StreamsBuilder& builder) { builder.stream<Text, Text>(name).to("out"); });
        refused("stream()", name, [&](StreamsBuilder& builder) {
            builder.stream<Text, Text>(std::vector<Text>{"in", name}).to("out");
        });
        refused("table()", name,
                [&](StreamsBuilder& builder) { builder.table<Text, Text>(name, {.store = "s"}); });
        refused("global_table()", name, [&](StreamsBuilder& builder) {
            builder.global_table<Text, Text>(name, {.store = "s"});
        });
        refused("to()", name,
                [&](StreamsBuilder& builder) { builder.stream<Text, Text>("in").to(name); });
    }
}

TEST(TopicNames, AreCheckedByTheTopologyBuilder) {
    for (const Text& name : kInvalid) {
        TopologyBuilder builder;
        EXPECT_THAT(
            ([&] { builder.add_source<Text, Text>("source", name); }),
            ThrowsMessage<TopologyError>(AllOf(HasSubstr("source"), HasSubstr("'" + name + "'"))));
        builder.add_source<Text, Text>("source", "in");
        EXPECT_THAT(
            ([&] { builder.add_sink<Text, Text>("sink", name, {"source"}); }),
            ThrowsMessage<TopologyError>(AllOf(HasSubstr("sink"), HasSubstr("'" + name + "'"))));
    }
}

TEST(TopicNames, MayHave249Characters) {
    const Text longest(249, 'a');
    Program run(
        [&](StreamsBuilder& builder) { builder.stream<Text, Text>("in.0-_Z").to(longest); });
    run.pipe("in.0-_Z", "a", "x", 1);

    EXPECT_THAT(run.lines(longest), ElementsAre("a=x@1"));
}

TEST(TopicNames, AreRequiredOfStoresAndRepartitionTopics) {
    for (const Text& name : {Text("."), Text(".."), Text("a b"), Text("a/../b"), Text(250, 'a')}) {
        refused("store", name, [&](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").group_by_key().count({.store = name});
        });
        if (name == "." || name == "..") {
            continue;  // With "-repartition", it is valid.
        }
        refused("repartition topic", name + "-repartition", [&](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").repartition({.name = name}).to("out");
        });
    }
}

void too_long(const Text& application_id, const Text& what, const Text& topic,
              const std::function<void(StreamsBuilder&)>& program) {
    EXPECT_THAT([&] { Program(program, {}, {{"application.id", application_id}}); },
                ThrowsMessage<TopologyError>(AllOf(
                    HasSubstr(what), HasSubstr(topic + " has 250"), HasSubstr("Kafka allows 249"),
                    HasSubstr("shorten that name, or application.id"))));
}

TEST(TopicNames, OfInternalTopicsIncludeTheApplicationIdInTheirLength) {
    const Text id(100, 'a');
    const Text store(250 - 100 - 1 - Text("-changelog").size(), 's');
    const Text topic(250 - 100 - 1 - Text("-repartition").size(), 'r');
    const auto counting = [](const Text& name) {
        return [name](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").group_by_key().count({.store = name});
        };
    };
    const auto repartitioning = [](const Text& name) {
        return [name](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").repartition({.name = name}).to("out");
        };
    };

    too_long(id, "changelog of store " + store, id + "-" + store + "-changelog", counting(store));
    too_long(id, "repartition topic of " + topic, id + "-" + topic + "-repartition",
             repartitioning(topic));
    EXPECT_NO_THROW(Program(counting(store.substr(1)), {}, {{"application.id", id}}));
    EXPECT_NO_THROW(Program(repartitioning(topic.substr(1)), {}, {{"application.id", id}}));
}

auto chosen_by_value() {
    return [](const Text&, const Text& value, const RecordContextView&) { return value; };
}

TEST(TopicNames, OfATopicChooserAreAnErrorOfTheRecordIfTheyAreInvalid) {
    for (const Text& name : kInvalid) {
        Program run([](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").to(chosen_by_value(), {.name = "chooser"});
        });
        EXPECT_THAT(
            [&] { run.pipe("in", "a", name, 1); },
            ThrowsMessage<ProcessingError>(
                AllOf(HasSubstr("node chooser, topic in, partition 0, offset 0"),
                      HasSubstr("topic chooser returned an invalid topic name: '" + name + "'"))));
    }
}

TEST(TopicNames, OfATopicChooserMayBeSkippedByTheHandler) {
    Program run(
        [](StreamsBuilder& builder) { builder.stream<Text, Text>("in").to(chosen_by_value()); }, {},
        {{"processing.exception.handler", "log-and-continue"}});
    run.pipe("in", "a", "not a topic", 1);
    run.pipe("in", "b", "out", 2);

    EXPECT_THAT(run.lines("out"), ElementsAre("b=out@2"));
    EXPECT_EQ(run.driver().dropped_records(), 1U);
}

}  // namespace
}  // namespace millrace
