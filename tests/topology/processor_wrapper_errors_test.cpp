// SPDX-License-Identifier: Apache-2.0

// Errors in a wrapper, and wrappers that break its rules.
#include "driver.hpp"
#include "wrappers.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ProcessorWrapper, FailsUnderTheNameOfItsProcessor) {
    std::vector<std::string> failed;
    const auto fail = [](InnerProcessor& inner, const AnyRecord& record) {
        if (*record.value<Text>() == "bad" || *record.value<Text>() == "worse!") {
            throw std::runtime_error("injected");
        }
        if (record.value<Text>()->back() == '!') {
            inner.forward(record);
        } else {
            inner.process(record);
        }
    };
    StreamsBuilder builder;
    pass_through(builder);
    testing::TopologyTestDriver driver(
        std::move(builder).build(wrapping_with(
            [&fail](WrappedParts) { return Hooks{.process = fail, .forward = fail}; })),
        {.processing_handler = [&failed](const ErrorContext& context, const std::exception& error) {
            failed.push_back(std::string(context.node) + ": " + error.what());
            return ErrorResponse{.decision = ErrorDecision::kResume};
        }});
    auto in = driver.input_topic<Text, Text>("in");
    for (const char* value : {"bad", "good", "worse"}) {
        in.pipe("a", value, timestamp_of(1));
    }

    EXPECT_THAT(failed, ElementsAre("shout: injected", "shout: injected"));
    EXPECT_THAT(lines_of(driver, "out"), ElementsAre("a=good!@1"));
    EXPECT_EQ(driver.dropped_records(), 2U);
}

TEST(ProcessorWrapper, KeepsItsCurrentRecordWhenAForwardFails) {
    const auto fail_once = [](InnerProcessor& inner, const AnyRecord& record) {
        if (record.headers().empty()) {
            throw std::runtime_error("injected");
        }
        inner.forward(record);
    };
    Program run(pass_through, wrapping_with([&](WrappedParts parts) {
                    return Hooks{.process =
                                     [&context = parts.context](InnerProcessor& inner,
                                                                const AnyRecord& record) {
                                         try {
                                             const Headers none;
                                             inner.process(record.with_headers(none));
                                         } catch (const std::runtime_error&) {
                                             context.add_header("after", "failure");
                                             inner.process(record);
                                         }
                                     },
                                 .forward = fail_once};
                }));
    run.pipe("in", "a", "x", 1);

    EXPECT_THAT(header_keys(run.driver(), "out"), ElementsAre("after"));
}

/// The result of piping one record into `pass_through`, wrapped.
void run_one(const TopologyOptions& options) {
    Program run(pass_through, options);
    run.pipe("in", "a", "x", 1);
}

TEST(ProcessorWrapper, RefusesRecordsOfOtherTypes) {
    const auto of_another_key = [](InnerProcessor& inner, const AnyRecord& record) {
        inner.process(Record<std::int64_t, Text>{1, *record.value<Text>(), record.timestamp(),
                                                 record.headers()});
    };
    const auto of_another_value = [](InnerProcessor& inner, const AnyRecord& record) {
        inner.forward(Record<Text, std::int64_t>{*record.key<Text>(), 1, record.timestamp(),
                                                 record.headers()});
    };
    const auto replaced = [](InnerProcessor& inner, const AnyRecord& record) {
        const std::int64_t one = 1;
        inner.process(record.with_value(one));
    };

    const auto message_of = [](const Hook& hook) {
        try {
            run_one(wrapping_with([hook](WrappedParts) { return Hooks{.process = hook}; }));
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    EXPECT_THAT(message_of(of_another_key), HasSubstr("node shout"));
    EXPECT_THAT(message_of(of_another_key), HasSubstr("the record's key is of another type: it is "
                                                      "long, not std::"));
    EXPECT_THAT(message_of(of_another_value),
                HasSubstr("the record's value is of another type: it is long, not std::"));
    EXPECT_THAT(message_of(replaced), HasSubstr("the record's value is of another type: it is "
                                                "std::"));
}

TEST(ProcessorWrapper, CannotForwardARecordOfANegativeTime) {
    EXPECT_THAT(
        [] {
            run_one(wrapping_with([](WrappedParts) {
                return Hooks{.forward = [](InnerProcessor& inner, const AnyRecord& record) {
                    inner.forward(record.with_timestamp(timestamp_of(-1)));
                }};
            }));
        },
        ::testing::ThrowsMessage<Error>(
            HasSubstr("must not be negative: processor shout forwards one at -1 ms")));
}

TEST(ProcessorWrapper, CannotForwardToAChildThatDoesNotExist) {
    EXPECT_THAT(
        [] {
            run_one(wrapping_with([](WrappedParts) {
                return Hooks{.forward = [](InnerProcessor& inner, const AnyRecord& record) {
                    inner.forward(record, "nobody");
                }};
            }));
        },
        ::testing::ThrowsMessage<Error>(HasSubstr("processor shout has no child nobody")));
}

struct NeverOpens final : WrappedProcessor {
    NeverOpens(const std::string&, std::vector<std::string>&) {}
    void init() override {}
};
struct OpensTwice final : WrappedProcessor {
    OpensTwice(const std::string&, std::vector<std::string>&) {}
    void init() override {
        inner().init();
        inner().init();
    }
};

TEST(ProcessorWrapper, MustInitialiseTheProcessorOnceBeforeItUsesIt) {
    std::vector<std::string> none;
    EXPECT_THAT([&] { run_one(wrapping<NeverOpens>(none)); },
                ::testing::ThrowsMessage<Error>(HasSubstr(
                    "the wrapper of processor shout passes it a record before initialising")));
    EXPECT_THAT([&] { run_one(wrapping<OpensTwice>(none)); },
                ::testing::ThrowsMessage<Error>(
                    HasSubstr("the wrapper of processor shout initialises it twice")));
}

TEST(ProcessorWrapper, MustReturnAWrappedProcessorIfItDeclaresOne) {
    TopologyOptions options;
    options.processor_wrapper = [](const std::string&) {
        return WrappedProcessorSupplier{.make = [] { return nullptr; }};
    };

    EXPECT_THAT([&] { run_one(options); },
                ::testing::ThrowsMessage<TopologyError>(
                    HasSubstr("the wrapper of processor shout returned no wrapped processor")));
}

}  // namespace
}  // namespace millrace
