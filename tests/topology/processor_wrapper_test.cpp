// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"
#include "wrappers.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// Records calls, with the types of `pass_through`.
class Noting final : public WrappedProcessor {
  public:
    Noting(std::string name, std::vector<std::string>& notes)
        : name_(std::move(name)), notes_(&notes) {}

    void init() override {
        note("init");
        inner().init();
        note("is initialised");
    }
    void process(const AnyRecord& record) override {
        note("takes " + *record.key<Text>() + "=" + *record.value<Text>());
        inner().process(record);
        note("has taken " + *record.key<Text>());
    }
    void forward(const AnyRecord& record, std::string_view child) override {
        note("forwards " + *record.key<Text>() + "=" + *record.value<Text>() +
             (child.empty() ? "" : " to " + std::string(child)));
        inner().forward(record, child);
    }
    void close() override {
        note("close");
        inner().close();
    }

  private:
    void note(const std::string& what) { notes_->push_back(name_ + " " + what); }

    std::string name_;
    std::vector<std::string>* notes_;
};

TEST(ProcessorWrapper, RunsCodeAroundAllCallsOfAProcessor) {
    std::vector<std::string> notes;
    {
        Program run(pass_through, wrapping<Noting>(notes));
        run.pipe("in", "a", "x", 1);
        EXPECT_THAT(run.lines("out"), ElementsAre("a=x!@1"));
    }

    EXPECT_THAT(notes, ElementsAre("shout init", "shout is initialised", "shout takes a=x",
                                   "shout forwards a=x!", "shout has taken a", "shout close"));
}

struct Tick final : Processor<Text, Text, Text, Text> {
    void init(Context& context) override {
        context.schedule({.interval = 10ms, .type = PunctuationType::kWallClock},
                         [&context](Timestamp now) {
                             context.forward({"tick", "t", now, Headers{}}, "second");
                         });
    }
    void process(const Record<Text, Text>& record) override { context().forward(record, "first"); }
};

TEST(ProcessorWrapper, SeesRecordsThatAPunctuatorForwardsAndTheirTargets) {
    std::vector<std::string> notes;
    TopologyBuilder builder(wrapping<Noting>(notes).processor_wrapper);
    builder.add_source<Text, Text>("source", "in")
        .add_processor("ticks", [] { return std::make_unique<Tick>(); }, {"source"})
        .add_sink<Text, Text>("first", "first-out", {"ticks"})
        .add_sink<Text, Text>("second", "second-out", {"ticks"});
    testing::TopologyTestDriver driver(builder.build());
    notes.clear();
    driver.input_topic<Text, Text>("in").pipe("a", "x", timestamp_of(1));
    driver.advance_wall_clock(10ms);

    EXPECT_THAT(notes, ElementsAre("ticks takes a=x", "ticks forwards a=x to first",
                                   "ticks has taken a", "ticks forwards tick=t to second"));
    EXPECT_THAT(lines_of(driver, "first-out"), ElementsAre("a=x@1"));
    EXPECT_THAT(lines_of(driver, "second-out"), ElementsAre("tick=t@10"));
}

TEST(ProcessorWrapper, SeesRecordsThatTheCacheOfATableFlushes) {
    std::vector<std::string> seen;
    Program run(
        [](StreamsBuilder& builder) {
            builder.stream<Text, Text>("in").group_by_key().count({.name = "count"});
        },
        wrapping_with([&seen](WrappedParts) {
            return Hooks{.forward = [&seen](InnerProcessor& inner, const AnyRecord& record) {
                const auto* old = record.old_value<std::int64_t>();
                seen.push_back(*record.key<Text>() + ":" +
                               (old != nullptr ? std::to_string(*old) : "-") + ">" +
                               std::to_string(*record.value<std::int64_t>()));
                inner.forward(record);
            }};
        }));
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "x", 2);

    EXPECT_THAT(seen, ElementsAre("a:->1", "a:->2"));
}

TEST(ProcessorWrapper, CanDropARecordBeforeOrAfterAProcessor) {
    Program run(pass_through, wrapping_with([](WrappedParts) {
                    return Hooks{.process =
                                     [](InnerProcessor& inner, const AnyRecord& record) {
                                         if (*record.value<Text>() != "bad") {
                                             inner.process(record);
                                         }
                                     },
                                 .forward =
                                     [](InnerProcessor& inner, const AnyRecord& record) {
                                         if (*record.value<Text>() != "worse!") {
                                             inner.forward(record);
                                         }
                                     }};
                }));
    for (const char* value : {"bad", "good", "worse"}) {
        run.pipe("in", "a", value, 1);
    }

    EXPECT_THAT(run.lines("out"), ElementsAre("a=good!@1"));
}

TEST(ProcessorWrapper, CanReplaceInputsAndOutputsOfAProcessor) {
    Program run(pass_through, wrapping_with([](WrappedParts) {
                    return Hooks{
                        .process =
                            [](InnerProcessor& inner, const AnyRecord& record) {
                                const Text value = "<" + *record.value<Text>();
                                inner.process(record.with_value(value));
                                inner.process(record);
                            },
                        .forward =
                            [](InnerProcessor& inner, const AnyRecord& record) {
                                inner.forward(record.with_timestamp(record.timestamp() + 5ms));
                            }};
                }));
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=<x!@6", "a=x!@6"));
}

TEST(ProcessorWrapper, CanForwardNewRecords) {
    Program run(pass_through, wrapping_with([](WrappedParts parts) {
                    parts.context.schedule(
                        {.interval = 10ms, .type = PunctuationType::kWallClock},
                        [&inner = parts.inner](Timestamp now) {
                            const Text key = "own";
                            const Text value = "w";
                            inner.process(Record<Text, Text>{key, value, now, Headers{}});
                            inner.forward(Record<Text, Text>{key, value, now, Headers{}});
                        });
                    return Hooks{};
                }));
    run.driver().advance_wall_clock(10ms);

    EXPECT_THAT(run.lines("out"), ElementsAre("own=w!@10", "own=w@10"));
}

TEST(ProcessorWrapper, AddsHeadersToForwardedRecords) {
    Program run(pass_through, wrapping_with([](WrappedParts) {
                    return Hooks{.forward = [](InnerProcessor& inner, const AnyRecord& record) {
                        Headers headers = record.headers();
                        headers.add("by", inner.name());
                        inner.forward(record.with_headers(headers));
                    }};
                }));
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(header_keys(run.driver(), "out"), ElementsAre("by"));
}

TEST(ProcessorWrapper, AddsHeadersToTheCurrentRecord) {
    Program run(pass_through, wrapping_with([](WrappedParts parts) {
                    return Hooks{.process = [&context = parts.context](InnerProcessor& inner,
                                                                       const AnyRecord& record) {
                        context.add_header("at", "hand");
                        inner.process(record);
                    }};
                }));
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(header_keys(run.driver(), "out"), ElementsAre("at"));
}

TEST(ProcessorWrapper, ReturnsTheMetadataOfTheCurrentRecord) {
    std::string seen;
    Program run(pass_through, wrapping_with([&seen](WrappedParts parts) {
                    return Hooks{.process = [&seen, &context = parts.context](InnerProcessor&,
                                                                              const AnyRecord&) {
                        const RecordMetadata from = context.record_metadata();
                        seen = from.topic + "/" + std::to_string(from.partition) + "/" +
                               to_string(context.task_id());
                    }};
                }));
    run.pipe("in", "a", "x", 1);

    EXPECT_EQ(seen, "in/0/0_0");
}

TEST(ProcessorWrapper, KnowsTypesWithoutTheirNulls) {
    std::vector<std::string> seen;
    Program run(
        [](StreamsBuilder& builder) {
            builder.stream<MaybeText, MaybeText>("in").peek([](const MaybeText&) {});
        },
        wrapping_with([&seen](WrappedParts) {
            return Hooks{.process = [&seen](InnerProcessor&, const AnyRecord& record) {
                const Text* value = record.value<Text>();
                seen.push_back(value != nullptr ? *value : "-");
                EXPECT_TRUE(record.has_key_type<Text>());
                EXPECT_TRUE(record.has_value_type<Text>());
                EXPECT_FALSE(record.has_value_type<std::int64_t>());
                EXPECT_EQ(record.value<std::int64_t>(), nullptr);
                EXPECT_EQ(record.old_value<Text>(), nullptr);
            }};
        }));
    run.pipe("in", "a", "x", 1);
    run.pipe("in", {}, {}, 2);

    EXPECT_THAT(seen, ElementsAre("x", "-"));
}

TEST(ProcessorWrapper, SeesBothValuesOfATablesChange) {
    std::vector<std::string> seen;
    const auto text = [](const Text* value) { return value != nullptr ? *value : "-"; };
    Program run(
        [](StreamsBuilder& builder) {
            builder.table<Text, Text>("in")
                .group_by([](const Text& key, const Text& value) { return std::pair(value, key); },
                          {.name = "groups"})
                .count({.name = "count"});
        },
        wrapping_with([&](WrappedParts) {
            return Hooks{.process = [&](InnerProcessor& inner, const AnyRecord& record) {
                if (inner.name() == "groups" || inner.name() == "count") {
                    seen.push_back(inner.name() + " " + text(record.old_value<Text>()) + ">" +
                                   text(record.value<Text>()));
                }
                inner.process(record);
            }};
        }));
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "y", 2);

    EXPECT_THAT(seen,
                ElementsAre("groups ->x", "count ->a", "groups x>y", "count a>-", "count ->a"));
}

TEST(ProcessorWrapper, DoesNotAffectProcessorsThatItDoesNotWrap) {
    std::vector<std::string> notes;
    const auto program = [](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .peek([](const Text&) {}, {.name = "first"})
            .peek([](const Text&) {}, {.name = "second"})
            .to("out");
    };
    TopologyOptions options;
    options.processor_wrapper = [&notes](const std::string& name) {
        WrappedProcessorSupplier supplier;
        if (name == "second") {
            supplier.make = [name, &notes] { return std::make_unique<Noting>(name, notes); };
        }
        return supplier;
    };
    Program run(program, options);
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(notes, Not(IsEmpty()));
    EXPECT_THAT(notes, ::testing::Each(StartsWith("second ")));
    EXPECT_THAT(run.lines("out"), ElementsAre("a=x@1"));
}

struct InPlaceOfIt final : WrappedProcessor {
    InPlaceOfIt(const std::string&, std::vector<std::string>&) {}
    void init() override {}
    void process(const AnyRecord& record) override {
        const Text value = *record.value<Text>() + "?";
        inner().forward(record.with_value(value));
    }
};

struct NotesItsLife final : Processor<Text, Text, Text, Text> {
    explicit NotesItsLife(std::vector<std::string>& notes) : notes_(&notes) {}
    void init(Context&) override { notes_->emplace_back("init"); }
    void process(const Record<Text, Text>&) override { notes_->emplace_back("process"); }
    void close() override { notes_->emplace_back("close"); }

  private:
    std::vector<std::string>* notes_;
};

TEST(ProcessorWrapper, CanReplaceAProcessorThatIsNeverUsed) {
    std::vector<std::string> notes;
    TopologyBuilder builder(wrapping<InPlaceOfIt>(notes).processor_wrapper);
    builder.add_source<Text, Text>("source", "in")
        .add_processor("p", [&notes] { return std::make_unique<NotesItsLife>(notes); }, {"source"})
        .add_sink<Text, Text>("sink", "out", {"p"});
    testing::TopologyTestDriver driver(builder.build());
    driver.input_topic<Text, Text>("in").pipe("a", "x", timestamp_of(1));
    EXPECT_THAT(lines_of(driver, "out"), ElementsAre("a=x?@1"));
    driver.close();

    EXPECT_THAT(notes, IsEmpty());
}

}  // namespace
}  // namespace millrace
