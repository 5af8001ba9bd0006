// SPDX-License-Identifier: Apache-2.0

// Punctuations at the limits of time.
#include "driver.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <limits>
#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr auto kLongest = std::chrono::milliseconds::max();

/// Schedules a punctuation in init(), or at its first record, which forwards "tick".
class Scheduler final : public Processor<Text, Text, Text, Text> {
  public:
    Scheduler(PunctuationSchedule schedule, bool at_first_record)
        : schedule_(schedule), at_first_record_(at_first_record) {}

    void init(Context&) override {
        if (!at_first_record_) {
            schedule();
        }
    }
    void process(const Record<Text, Text>&) override {
        if (at_first_record_ && !scheduled_) {
            schedule();
        }
    }

  private:
    void schedule() {
        scheduled_ = true;
        context().schedule(schedule_, [this](Timestamp now) {
            context().forward({"tick", "t", now < Timestamp{} ? Timestamp{} : now, Headers{}});
        });
    }

    PunctuationSchedule schedule_;
    bool at_first_record_;
    bool scheduled_ = false;
};

/// The ticks of records at these times.
std::vector<Text> ticks(const PunctuationSchedule& schedule, bool at_first_record,
                        const std::vector<std::int64_t>& times) {
    Program run([&](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process([=] { return std::make_unique<Scheduler>(schedule, at_first_record); })
            .to("out");
    });
    for (const std::int64_t time : times) {
        run.pipe("in", "a", "x", time);
    }
    return run.lines("out");
}

PunctuationSchedule stream_time(std::chrono::milliseconds interval,
                                std::optional<Timestamp> start = {}) {
    return {.interval = interval, .type = PunctuationType::kStreamTime, .start = start};
}

TEST(ExtremePunctuations, HaveNoTimeAfterTheLargest) {
    EXPECT_THAT(ticks(stream_time(10ms, timestamp_of(5)), true, {kMax - 1, kMax, kMax}), IsEmpty());
    EXPECT_THAT(ticks(stream_time(10ms, timestamp_of(5)), true, {kMax, kMax}), IsEmpty());
}

TEST(ExtremePunctuations, OfTheLongestIntervalAreCalledOnce) {
    EXPECT_THAT(ticks(stream_time(kLongest), false, {3, 4, 5}), ElementsAre("tick=t@3"));
    EXPECT_THAT(ticks(stream_time(kLongest, kNoTimestamp), false, {3, 4, 5}),
                ElementsAre("tick=t@3"));
    EXPECT_THAT(ticks(stream_time(kLongest, timestamp_of(4)), false, {3, 4, 5}),
                ElementsAre("tick=t@4"));
}

TEST(ExtremePunctuations, MayBeAnchoredAtAnyTime) {
    EXPECT_THAT(ticks(stream_time(10ms, Timestamp::min()), true, {1, 2, 11, 12}),
                ElementsAre("tick=t@2", "tick=t@12"));
    EXPECT_THAT(ticks(stream_time(10ms, Timestamp::max()), true, {1, 100}), IsEmpty());
}

TEST(ExtremePunctuations, OfTheWallClockMayHaveAnyIntervalAndAnchor) {
    for (const auto interval : {1ms, 10ms, kLongest}) {
        for (const auto start : {Timestamp::min(), timestamp_of(-1), Timestamp::max()}) {
            PunctuationSchedule schedule = stream_time(interval, start);
            schedule.type = PunctuationType::kWallClock;
            EXPECT_NO_THROW(ticks(schedule, false, {1, 2}));
        }
    }
}

}  // namespace
}  // namespace millrace
