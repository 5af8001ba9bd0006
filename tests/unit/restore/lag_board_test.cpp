// SPDX-License-Identifier: Apache-2.0
#include "restore/lag_board.hpp"

#include <gmock/gmock.h>

namespace millrace::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Pair;

constexpr TaskId kTask{0, 1};
constexpr TaskId kOther{0, 2};

TEST(LagBoard, HasUnknownLagsOfTasksOnDiskUntilTheyAreMeasured) {
    LagBoard board;
    board.set_on_disk({kTask, kOther});
    EXPECT_THAT(board.lags(), ElementsAre(Pair(kTask, kUnknownLag), Pair(kOther, kUnknownLag)));
    EXPECT_THAT(board.to_measure(), ElementsAre(Key(kTask), Key(kOther)));

    board.measured(kOther, 7, 70);
    board.set_on_disk({kOther});

    EXPECT_THAT(board.lags(), ElementsAre(Pair(kOther, 7)));
}

TEST(LagBoard, TheLagOfAnOpenTaskIsSetByItsUser) {
    LagBoard board;
    board.set_on_disk({kTask});
    board.opened(kTask);
    board.set(kTask, 3);
    board.measured(kTask, 9, 90);
    board.set(kOther, 4);

    EXPECT_THAT(board.lags(), ElementsAre(Pair(kTask, 3)));
    EXPECT_THAT(board.to_measure(), IsEmpty());

    board.closed(kTask);
    EXPECT_THAT(board.lags(), ElementsAre(Pair(kTask, 3))) << "until it is measured";
    board.set(kTask, 5);
    EXPECT_THAT(board.lags(), ElementsAre(Pair(kTask, 3)));
    board.measured(kTask, 9, 90);
    EXPECT_THAT(board.lags(), ElementsAre(Pair(kTask, 9)));
}

TEST(LagBoard, ReportsSizesOfChangelogsAsFarAsTheyAreKnown) {
    LagBoard board;
    board.set_on_disk({kTask, kOther});
    EXPECT_THAT(board.report().sizes, IsEmpty());

    board.opened(kTask);
    board.set_size(kTask, 5);
    board.set_size(kOther, 6);
    board.measured(kTask, 1, 7);
    EXPECT_THAT(board.report().sizes, ElementsAre(Pair(kTask, 5))) << "only its user sets it";

    board.closed(kTask);
    board.measured(kOther, 1, 8);
    EXPECT_THAT(board.report().sizes, ElementsAre(Pair(kTask, 5), Pair(kOther, 8)));
}

TEST(LagBoard, ForgetsATaskInMemoryWhenItIsClosed) {
    LagBoard board;
    board.opened(kTask);
    board.set(kTask, 0);
    board.set_on_disk({});
    EXPECT_THAT(board.lags(), ElementsAre(Pair(kTask, 0)));

    board.closed(kTask);
    board.closed(kOther);

    EXPECT_THAT(board.lags(), IsEmpty());
}

}  // namespace
}  // namespace millrace::restore
