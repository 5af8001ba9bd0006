// SPDX-License-Identifier: Apache-2.0

// Exceptions of the application's code, whatever their type: the error names the place.
#include "driver.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr const char* kForeign = "exception not derived from std::exception";

/// Throws an int for "int", a runtime_error for "error" and a SerdeError for "serde".
void fail_at(const Text& value) {
    if (value == "int") {
        throw 17;  // NOLINT(hicpp-exception-baseclass)
    }
    if (value == "error") {
        throw std::runtime_error("broken");
    }
    if (value == "serde") {
        throw SerdeError("broken");
    }
}

std::string said_of(const Text& value) {
    return value == "int" ? kForeign : "broken";
}

const std::vector<Text> kFailing = {"int", "error", "serde"};

template <class V>
TimestampExtractor<Text, V> failing_extractor() {
    return [](const ConsumedRecord<Text, V>& record, Timestamp) {
        if constexpr (std::same_as<V, Text>) {
            fail_at(record.value);
        } else {
            fail_at(record.value.value_or(""));
        }
        return record.timestamp;
    };
}

TEST(FailingUserCode, OfATimestampExtractorNamesTheRecord) {
    for (const Text& how : kFailing) {
        Program run(
            [](StreamsBuilder& builder) {
                builder.stream<Text, Text>("in", {.timestamp = failing_extractor<Text>()})
                    .to("out");
            },
            {}, {{"deserialization.exception.handler", "log-and-continue"}});
        run.pipe("in", "a", "good", 1);
        EXPECT_THAT([&] { run.pipe("in", "a", how, 7); },
                    ThrowsMessage<ProcessingError>(
                        AllOf(HasSubstr("the timestamp extractor failed"),
                              HasSubstr("topic in, partition 0, offset 1, timestamp 7"),
                              HasSubstr(said_of(how)))));
    }
}

TEST(FailingUserCode, OfATimestampExtractorOfAGlobalTableNamesTheRecord) {
    for (const Text& how : kFailing) {
        Program run(
            [](StreamsBuilder& builder) {
                builder.global_table<Text, Text>("global", {.store = "s"},
                                                 {.timestamp = failing_extractor<MaybeText>()});
            },
            {}, {{"deserialization.exception.handler", "log-and-continue"}});
        EXPECT_THAT([&] { run.pipe("global", "a", how, 7); },
                    ThrowsMessage<ProcessingError>(
                        AllOf(HasSubstr("the timestamp extractor failed"),
                              HasSubstr("topic global, partition 0, offset 0, timestamp 7"),
                              HasSubstr(said_of(how)))));
    }
}

/// Text that cannot be read or written if fail_at says so.
struct FailingSerde final : CustomSerde<Text> {
    bool reads = false;

    Bytes serialize(const Text& value) const override {
        if (!reads) {
            fail_at(value);
        }
        return value;
    }
    Text deserialize(BytesView bytes) const override {
        if (reads) {
            fail_at(Text(bytes));
        }
        return Text(bytes);
    }
};

std::shared_ptr<const FailingSerde> failing_serde(bool reads) {
    auto serde = std::make_shared<FailingSerde>();
    serde->reads = reads;
    return serde;
}

TEST(FailingUserCode, OfADeserializerIsDecidedAboutByTheHandler) {
    const auto program = [](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in", {.value_serde = failing_serde(true)}).to("out");
    };
    for (const Text& how : kFailing) {
        Program fails(program);
        EXPECT_THAT(
            [&] { fails.pipe("in", "a", how, 1); },
            ThrowsMessage<ProcessingError>(AllOf(HasSubstr("topic in, partition 0, offset 0"),
                                                 HasSubstr("value"), HasSubstr(said_of(how)))));
        Program skips(program, {}, {{"deserialization.exception.handler", "log-and-continue"}});
        skips.pipe("in", "a", how, 1);
        skips.pipe("in", "b", "x", 2);
        EXPECT_THAT(skips.lines("out"), ElementsAre("b=x@2"));
    }
}

TEST(FailingUserCode, OfASerializerNamesTheSinkAndTheRecord) {
    const auto program = [](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in").to("out",
                                            {.name = "sink", .value_serde = failing_serde(false)});
    };
    for (const Text& how : kFailing) {
        Program fails(program);
        EXPECT_THAT(
            [&] { fails.pipe("in", "a", how, 1); },
            ThrowsMessage<ProcessingError>(AllOf(
                HasSubstr("cannot serialise record for topic out"),
                HasSubstr("node sink, topic in, partition 0, offset 0"), HasSubstr(said_of(how)))));
    }
}

struct Failing : Processor<Text, Text, Text, Text> {
    Text init_value{};
    Text close_value{};
    Text punctuation_value{};

    void init(Context& context) override {
        fail_at(init_value);
        context.schedule(
            {.interval = std::chrono::milliseconds(10), .type = PunctuationType::kWallClock},
            [this](Timestamp) { fail_at(punctuation_value); });
    }
    void process(const Record<Text, Text>& record) override { context().forward(record); }
    void close() override { fail_at(close_value); }
};

Program failing(const Text& init, const Text& close, const Text& punctuation) {
    return Program([&](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process(
                [=] {
                    auto made = std::make_unique<Failing>();
                    made->init_value = init;
                    made->close_value = close;
                    made->punctuation_value = punctuation;
                    return made;
                },
                {.name = "failing"})
            .to("out");
    });
}

TEST(FailingUserCode, OfInitNamesTheNodeAndTheTask) {
    for (const Text how : {"int", "error"}) {
        EXPECT_THAT(
            [&] { failing(how, "", ""); },
            ThrowsMessage<ProcessingError>(AllOf(
                HasSubstr("cannot initialise node failing, task 0_0"), HasSubstr(said_of(how)))));
    }
}

TEST(FailingUserCode, OfCloseNamesTheNodeAndTheTask) {
    for (const Text how : {"int", "error"}) {
        Program run = failing("", how, "");
        EXPECT_THAT(
            [&] { run.driver().close(); },
            ThrowsMessage<ProcessingError>(
                AllOf(HasSubstr("cannot close node failing, task 0_0"), HasSubstr(said_of(how)))));
    }
}

TEST(FailingUserCode, OfAPunctuatorNamesNoSourceRecord) {
    for (const Text how : {"int", "error"}) {
        Program run = failing("", "", how);
        EXPECT_THAT([&] { run.driver().advance_wall_clock(std::chrono::milliseconds(10)); },
                    ThrowsMessage<ProcessingError>(
                        "cannot process record: node failing, task 0_0: " + said_of(how)));
    }
}

TEST(FailingUserCode, OfAProcessorSupplierNamesTheNodeAndTheTask) {
    for (const Text how : {"int", "error"}) {
        EXPECT_THAT(
            ([&] {
                Program([&](StreamsBuilder& builder) {
                    builder.stream<Text, Text>("in")
                        .process(
                            [how]() -> std::unique_ptr<Failing> {
                                fail_at(how);
                                return nullptr;
                            },
                            {.name = "failing"})
                        .to("out");
                });
            }),
            ThrowsMessage<ProcessingError>(
                AllOf(HasSubstr("cannot create node failing, task 0_0"), HasSubstr(said_of(how)))));
    }
}

}  // namespace
}  // namespace millrace
