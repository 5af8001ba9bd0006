// SPDX-License-Identifier: Apache-2.0
#include "restore/progress_board.hpp"

#include "millrace/core/logging.hpp"
#include "support/settable_clock.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace millrace::restore {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ProgressBoardTest : public ::testing::Test {
  protected:
    ProgressBoardTest() {
        set_log_sink([this](LogLevel, std::string_view line) {
            if (line.find("restoring ") != std::string_view::npos) {
                lines.emplace_back(line);
            }
        });
    }
    ~ProgressBoardTest() override { set_log_sink({}); }

    std::unique_ptr<ProgressBoard::Meter> begin(const std::string& store, Offset next, Offset end) {
        return board.begin({0, 1}, store, {"log", 1}, next, end);
    }

    RestoreProgress only() const {
        const auto all = board.snapshot();
        EXPECT_THAT(all, SizeIs(1));
        return all.empty() ? RestoreProgress{} : all.front();
    }

    support::SettableClock clock{timestamp_of(0)};
    ProgressBoard board{clock};
    std::vector<std::string> lines;
};

TEST_F(ProgressBoardTest, ShowsWhatIsRestoredAndWhatIsLeft) {
    const auto meter = begin("s", 100, 1'100);
    EXPECT_EQ(only(),
              (RestoreProgress{
                  .task = {0, 1}, .store = "s", .changelog = {"log", 1}, .remaining = 1'000}))
        << "no rate and no expected time yet";

    clock.advance(2s);
    meter->advanced(150, 300);  // Fifty were compacted.

    const RestoreProgress now = only();
    EXPECT_EQ(now.restored, 150);
    EXPECT_EQ(now.remaining, 800);
    EXPECT_DOUBLE_EQ(now.records_per_second, 100);
    EXPECT_EQ(now.expected_time, 8s);
}

TEST_F(ProgressBoardTest, TheRateIsThatOfTheLastSeconds) {
    const auto meter = begin("s", 0, 100'000);
    Offset next = 0;
    for (int second = 0; second < 60; ++second) {
        clock.advance(1s);
        next += second < 30 ? 1'000 : 100;
        meter->advanced(0, next);
    }

    EXPECT_DOUBLE_EQ(only().records_per_second, 100);
    EXPECT_EQ(only().expected_time, std::chrono::seconds{(100'000 - next) / 100});

    clock.advance(1h);
    EXPECT_LT(only().records_per_second, 1) << "nothing was read since";
}

TEST_F(ProgressBoardTest, AStoreIsListedUntilItsRestoreEnds) {
    auto second = begin("t", 0, 1);
    auto first = begin("s", 0, 1);
    ASSERT_THAT(board.snapshot(), SizeIs(2));
    EXPECT_EQ(board.snapshot().front().store, "s") << "in order";

    first.reset();
    EXPECT_EQ(only().store, "t");
    second.reset();
    EXPECT_THAT(board.snapshot(), IsEmpty());
}

TEST_F(ProgressBoardTest, LogsALineEveryTenSecondsOfALongRestore) {
    auto meter = begin("s", 0, 100'000);
    const auto quick = begin("t", 0, 2'000);
    for (int second = 0; second < 25; ++second) {
        clock.advance(1s);
        meter->advanced(1'000, 1'000 * (second + 1));
        quick->advanced(50, 50 * (second + 1));
        board.log_if_due();
        board.log_if_due();
    }

    ASSERT_THAT(lines, SizeIs(2));
    EXPECT_THAT(lines.back(),
                HasSubstr("restoring 2 store partitions of 1 tasks: 21000 records restored, 81000 "
                          "left, 1050 a second, about 78 s left; the longest: store s of task 0_1 "
                          "from log-1, 80000 left, about 80 s left"));
}

TEST_F(ProgressBoardTest, LogsNothingOfShortRestores) {
    for (int restore = 0; restore < 10; ++restore) {
        const auto meter = begin("s", 0, 1'000);
        clock.advance(9s);
        board.log_if_due();
    }
    clock.advance(1min);
    board.log_if_due();

    EXPECT_THAT(lines, IsEmpty());
}

TEST_F(ProgressBoardTest, SaysThatNothingIsRead) {
    const auto meter = begin("s", 0, 1'000);
    clock.advance(10s);
    board.log_if_due();

    EXPECT_THAT(lines, ElementsAre(HasSubstr("0 a second, time left unknown: nothing is read")));
}

}  // namespace
}  // namespace millrace::restore
