// SPDX-License-Identifier: Apache-2.0

// Timestamps come from outside: any of them, however large, must neither loop nor overflow.
#include "driver.hpp"
#include "millrace/core/error.hpp"

#include <gmock/gmock.h>

#include <concepts>
#include <limits>
#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

const std::map<std::string, std::string> kSkip = {
    {"processing.exception.handler", "log-and-continue"}};

std::string text(std::int64_t number) {
    return std::to_string(number);
}

struct Label {
    template <class W, class V>
    Text operator()(const Windowed<Text, W>& key, const V&) const {
        return key.key + text(milliseconds_of(key.window.start)) + "-" +
               text(milliseconds_of(key.window.end));
    }
};

template <class Windows>
Program counting(Windows windows, EmitStrategy strategy,
                 std::map<std::string, std::string> config = {},
                 StoreEngine engine = StoreEngine::kDefault) {
    return Program(
        [&](StreamsBuilder& builder) {
            auto windowed = builder.stream<Text, Text>("in").group_by_key().windowed_by(windows);
            if constexpr (!std::same_as<Windows, UnlimitedWindows>) {
                windowed = windowed.emit_strategy(strategy);
            }
            windowed.count({.engine = engine, .caching = false}).to_stream_by(Label()).to("out");
        },
        {}, std::move(config));
}

const TimeWindows kTumbling = TimeWindows::of(1min).grace(1min);
const TimeWindows kHopping = TimeWindows::of(1min).advance_by(20s).grace(1min);
const SlidingWindows kSliding = SlidingWindows::of(1min).grace(1min);
const SessionWindows kSessions = SessionWindows::of(1min).grace(1min);
constexpr EmitStrategy kBoth[] = {EmitStrategy::kOnWindowUpdate, EmitStrategy::kOnWindowClose};

template <class Windows>
void refuses_the_largest_time(Windows windows) {
    for (const EmitStrategy strategy : kBoth) {
        for (const std::int64_t time : {kMax, kMax - 1}) {
            Program fails = counting(windows, strategy);
            EXPECT_THAT(
                [&] { fails.pipe("in", "a", "x", time); },
                ThrowsMessage<ProcessingError>(AllOf(HasSubstr("topic in, partition 0, offset 0"),
                                                     HasSubstr("timestamp " + text(time)),
                                                     HasSubstr("window size 60000 ms"))));

            Program skips = counting(windows, strategy, kSkip);
            skips.pipe("in", "a", "x", 0);
            skips.pipe("in", "a", "x", 1);
            skips.pipe("in", "a", "x", time);
            skips.pipe("in", "a", "x", 2);
            const auto lines = skips.lines<std::int64_t>("out");
            EXPECT_THAT(lines, Contains(HasSubstr("a0-60000=2@1")));
            EXPECT_THAT(lines, Not(Contains(HasSubstr(text(time)))));
            EXPECT_GE(skips.driver().dropped_records(), 2U);  // It and the late one behind it.
        }
    }
}

TEST(ExtremeTimes, AreRefusedByTumblingWindowsThatWouldEndAfterTheLargest) {
    refuses_the_largest_time(kTumbling);
}

TEST(ExtremeTimes, AreRefusedByHoppingWindowsThatWouldEndAfterTheLargest) {
    refuses_the_largest_time(kHopping);
}

TEST(ExtremeTimes, AreRefusedBySlidingWindowsThatWouldEndAfterTheLargest) {
    refuses_the_largest_time(kSliding);
}

TEST(ExtremeTimes, AreInTheLastWindowThatThereIs) {
    const std::int64_t time = kMax - 60'001;
    for (const StoreEngine engine : {StoreEngine::kRocksDb, StoreEngine::kInMemory}) {
        Program tumbling = counting(kTumbling, EmitStrategy::kOnWindowUpdate, {}, engine);
        tumbling.pipe("in", "a", "x", time);
        EXPECT_THAT(tumbling.lines<std::int64_t>("out"), SizeIs(1));

        Program hopping = counting(kHopping, EmitStrategy::kOnWindowUpdate, {}, engine);
        hopping.pipe("in", "a", "x", time);
        EXPECT_THAT(hopping.lines<std::int64_t>("out"), SizeIs(3));

        Program sliding = counting(kSliding, EmitStrategy::kOnWindowUpdate, {}, engine);
        sliding.pipe("in", "a", "x", time);
        sliding.pipe("in", "a", "x", time);
        EXPECT_THAT(sliding.lines<std::int64_t>("out"),
                    ElementsAre("a" + text(time - 60'000) + "-" + text(time) + "=1@" + text(time),
                                "a" + text(time - 60'000) + "-" + text(time) + "=2@" + text(time)));
    }
}

TEST(ExtremeTimes, AreMergedIntoSessions) {
    for (const StoreEngine engine : {StoreEngine::kRocksDb, StoreEngine::kInMemory}) {
        Program run = counting(kSessions, EmitStrategy::kOnWindowUpdate, {}, engine);
        run.pipe("in", "a", "x", kMax - 60'000);
        run.pipe("in", "a", "x", kMax);
        run.pipe("in", "a", "x", kMax - 1);
        const auto lines = run.lines<std::int64_t>("out");
        ASSERT_THAT(lines, Not(IsEmpty()));
        EXPECT_EQ(lines.back(), "a" + text(kMax - 60'000) + "-" + text(kMax) + "=3@" + text(kMax));
    }
}

TEST(ExtremeTimes, CloseSessionsBeforeThem) {
    for (const StoreEngine engine : {StoreEngine::kRocksDb, StoreEngine::kInMemory}) {
        Program run = counting(kSessions, EmitStrategy::kOnWindowClose, {}, engine);
        run.pipe("in", "a", "x", 0);
        run.pipe("in", "a", "x", kMax);
        run.pipe("in", "a", "x", kMax);
        EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-0=1@0"));
    }
}

TEST(ExtremeTimes, AreTooLateForUnlimitedWindowsAtTheirEnd) {
    Program run = counting(UnlimitedWindows::of(), EmitStrategy::kOnWindowUpdate);
    run.pipe("in", "a", "x", kMax - 1);
    run.pipe("in", "a", "x", kMax);
    EXPECT_THAT(run.lines<std::int64_t>("out"),
                ElementsAre("a0-" + text(kMax) + "=1@" + text(kMax - 1)));
}

TEST(ExtremeTimes, OfGraceMeanThatNothingIsLate) {
    const auto forever = std::chrono::milliseconds::max();
    Program tumbling =
        counting(TimeWindows::of(1min).grace(forever), EmitStrategy::kOnWindowUpdate);
    Program sessions =
        counting(SessionWindows::of(1min).grace(forever), EmitStrategy::kOnWindowUpdate);
    Program sliding =
        counting(SlidingWindows::of(1min).grace(forever), EmitStrategy::kOnWindowUpdate);
    for (Program* run : {&tumbling, &sessions, &sliding}) {
        run->pipe("in", "a", "x", 1'700'000'000'000);
        run->pipe("in", "a", "x", 60'000);
        EXPECT_THAT(run->lines<std::int64_t>("out"), SizeIs(2));
        EXPECT_EQ(run->driver().dropped_records(), 0U);
    }
}

auto both_sides() {
    return [](const Text* left, const Text* right) {
        return (left != nullptr ? *left : "-") + (right != nullptr ? *right : "-");
    };
}

TEST(ExtremeTimes, AreJoinedByStreams) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("left")
            .outer_join(builder.stream<Text, Text>("right"), both_sides(),
                        JoinWindows::of(10s).grace(1s))
            .to("out");
    });
    run.pipe("left", "a", "l", 0);
    run.driver().advance_wall_clock(1s);  // How often unmatched records are searched.
    run.pipe("left", "a", "L", kMax);
    run.pipe("right", "a", "R", kMax - 10'000);
    run.pipe("right", "b", "r", kMax);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=l-@0", "a=LR@" + text(kMax)));
}

TEST(ExtremeTimes, AreJoinedByAStreamWithItself) {
    Program run(
        [](StreamsBuilder& builder) {
            const auto in = builder.stream<Text, Text>("in");
            in.join(
                  in, [](const Text& one, const Text& other) { return one + other; },
                  JoinWindows::of(10s))
                .to("out");
        },
        TopologyOptions::optimized());
    run.pipe("in", "a", "x", 0);
    run.pipe("in", "a", "y", kMax);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=xx@0", "a=yy@" + text(kMax)));
}

TEST(ExtremeTimes, OfJoinWindowsJoinEverything) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("left")
            .left_join(
                builder.stream<Text, Text>("right"),
                [](const Text& left, const Text* right) {
                    return left + (right != nullptr ? *right : "-");
                },
                JoinWindows::of(std::chrono::milliseconds::max()).grace(1s))
            .to("out");
    });
    run.pipe("left", "a", "l", 0);
    run.pipe("right", "a", "r", 1'700'000'000'000);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=lr@1700000000000"));
}

TEST(ExtremeTimes, PassSuppression) {
    Program limited([](StreamsBuilder& builder) {
        builder.table<Text, Text>("in").suppress(UntilTimeLimit{}).to_stream().to("out");
    });
    limited.pipe("in", "a", "x", 0);
    limited.pipe("in", "a", "y", kMax);
    EXPECT_THAT(limited.lines("out"), ElementsAre("a=x@0", "a=y@" + text(kMax)));

    Program closing([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(kSessions)
            .count({.caching = false})
            .suppress(UntilWindowCloses{})
            .to_stream_by(Label())
            .to("out");
    });
    closing.pipe("in", "a", "x", 0);
    closing.pipe("in", "a", "y", kMax);
    closing.pipe("in", "a", "z", kMax);
    EXPECT_THAT(closing.lines<std::int64_t>("out"), ElementsAre("a0-0=1@0"));
}

TEST(ExtremeTimes, AreJoinedWithATableThatKeepsVersions) {
    Program run([](StreamsBuilder& builder) {
        const auto table = builder.table<Text, Text>("table", {.history = 1h});
        builder.stream<Text, Text>("in")
            .join(table, [](const Text& one, const Text& other) { return one + other; },
                  {.grace = 10ms})
            .to("out");
    });
    run.pipe("table", "a", "t", 0);
    run.pipe("table", "a", "T", kMax);
    run.pipe("in", "a", "x", kMax - 10);
    run.pipe("in", "a", "y", kMax);

    EXPECT_THAT(run.driver().dropped_records(), 0U);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=xt@" + text(kMax - 10)));
}

struct Ticks final : Processor<Text, Text, Text, Text> {
    void init(Context& context) override {
        context.schedule(
            {.interval = 20ms, .type = PunctuationType::kStreamTime},
            [&context](Timestamp now) { context.forward({"tick", "t", now, Headers{}}); });
    }
    void process(const Record<Text, Text>&) override {}
};

TEST(ExtremeTimes, AreTheLastThatAreTickedAt) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<Ticks>(); })
            .to("out");
    });
    run.pipe("in", "a", "x", 1);
    run.pipe("in", "a", "x", kMax);
    run.pipe("in", "a", "x", kMax);

    EXPECT_THAT(run.lines("out"), ElementsAre("tick=t@1", "tick=t@" + text(kMax)));
}

TEST(ExtremeTimes, BeforeTheEpochAreDropped) {
    for (const EmitStrategy strategy : kBoth) {
        Program run = counting(kTumbling, strategy, {{"default.timestamp.extractor", "skip"}});
        run.pipe("in", "a", "x", kMin);
        run.pipe("in", "a", "x", -60'000);
        run.pipe("in", "a", "x", -1);
        EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());
        EXPECT_EQ(run.driver().dropped_records(), 3U);
    }
}

}  // namespace
}  // namespace millrace
