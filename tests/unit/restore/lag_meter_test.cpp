// SPDX-License-Identifier: Apache-2.0

// How far tasks on disk are, measured while they are not open.
#include "restore/lag_meter.hpp"

#include "millrace/core/error.hpp"
#include "support/driven_threads.hpp"
#include "support/forwarding_admin.hpp"

#include <gmock/gmock.h>

namespace millrace::support {
namespace {

using namespace std::chrono_literals;
using restore::LagBoard;
using restore::LagMeter;
using restore::StoredChangelog;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

const auto kAlways = [] { return true; };

class LagMeters : public DrivenThreads {
  protected:
    /// The state of all four tasks is on disk, and none is open.
    void leave_state() {
        add_thread();
        ASSERT_TRUE(run_until_running());
        produce_keys(8);
        run(60);
        threads.back()->close(1s);
        threads.clear();
        shared->shelf.close_all();
    }

    LagBoard& board() { return shared->task_maker.lags(); }

    LagMeter meter() {
        return LagMeter({.board = &board(), .admin = admin.get(), .stored = [this](TaskId task) {
                             ++read;
                             return shared->task_maker.stored_changelogs(task);
                         }});
    }

    std::int64_t sum_of_sizes() const {
        std::int64_t sum = 0;
        for (const auto& [task, size] : shared->task_maker.lags().report().sizes) {
            sum += size;
        }
        return sum;
    }

    TaskLag sum() const {
        TaskLag sum = 0;
        for (const auto& [task, lag] : shared->task_maker.lags().lags()) {
            sum += lag;
        }
        return sum;
    }

    int read = 0;
};

TEST_F(LagMeters, TasksRunWithoutALag) {
    add_thread();
    ASSERT_TRUE(run_until_running());

    EXPECT_THAT(board().lags(), AllOf(SizeIs(4), Each(Pair(::testing::_, 0))));
}

TEST_F(LagMeters, RunningTasksReportTheSizesOfTheirChangelogs) {
    add_thread();
    ASSERT_TRUE(run_until_running());
    EXPECT_THAT(board().report().sizes, AllOf(SizeIs(4), Each(Pair(::testing::_, 0))));

    produce_keys(8);
    run(60);

    EXPECT_EQ(sum_of_sizes(), 8);
}

TEST_F(LagMeters, MeasureWhatTheChangelogHasGrown) {
    leave_state();
    LagMeter measured = meter();
    measured.measure(kAlways);
    EXPECT_THAT(board().lags(), AllOf(SizeIs(4), Each(Pair(::testing::_, 0))));

    for (int record = 0; record < 6; ++record) {
        broker.produce("app-counts-changelog", {.key = "k" + std::to_string(record), .value = "v"});
    }
    measured.measure(kAlways);

    EXPECT_EQ(sum(), 6);
    EXPECT_EQ(sum_of_sizes(), 8 + 6);
    EXPECT_EQ(read, 4) << "the stores of each task once";
}

TEST_F(LagMeters, ReadTheStoresAgainAfterATaskWasUsed) {
    leave_state();
    LagMeter measured = meter();
    measured.measure(kAlways);
    leave_state();
    measured.measure(kAlways);

    EXPECT_EQ(sum(), 0);
    EXPECT_EQ(read, 8);
}

TEST_F(LagMeters, LeaveATaskThatIsInUse) {
    leave_state();
    ASSERT_TRUE(directory.try_lock({0, 0}));
    board().set_on_disk(directory.tasks());

    EXPECT_FALSE(shared->task_maker.stored_changelogs({0, 0}).has_value());
    EXPECT_TRUE(shared->task_maker.stored_changelogs({0, 1}).has_value());
    EXPECT_THAT(*shared->task_maker.stored_changelogs({7, 1}), SizeIs(0)) << "of no sub-topology";
}

TEST_F(LagMeters, StopReadingWhenTheyMayNotGoOn) {
    leave_state();
    meter().measure([this] { return read < 1; });

    EXPECT_EQ(read, 1);
}

/// Does not know one of the topics.
class WithoutTopic final : public ForwardingAdmin {
  public:
    using ForwardingAdmin::ForwardingAdmin;

    kafka::Result<std::vector<Offset>> list_offsets(std::span<const TopicPartition> partitions,
                                                    kafka::OffsetSpec spec,
                                                    kafka::Isolation isolation,
                                                    std::chrono::milliseconds timeout) override {
        if (std::any_of(partitions.begin(), partitions.end(),
                        [](const auto& each) { return each.topic == "gone"; })) {
            return kafka::Status(kafka::ErrorCode::kUnknownTopic, "gone");
        }
        return ForwardingAdmin::list_offsets(partitions, spec, isolation, timeout);
    }
};

TEST_F(LagMeters, KeepTheLagsOfTasksThatCannotBeMeasured) {
    static constexpr TaskId kGood{0, 0};
    static constexpr TaskId kGone{0, 1};
    static constexpr TaskId kDamaged{0, 2};
    broker.produce("in", {.key = "k", .value = "v", .partition = 0});
    WithoutTopic without(*admin);
    LagBoard lags;
    lags.set_on_disk({kGood, kGone, kDamaged});
    LagMeter measured({.board = &lags,
                       .admin = &without,
                       .stored = [](TaskId task) -> std::optional<std::vector<StoredChangelog>> {
                           if (task == kDamaged) {
                               throw StateError("damaged");
                           }
                           return std::vector<StoredChangelog>{
                               {{task == kGood ? "in" : "gone", 0}, 0}};
                       }});

    measured.measure(kAlways);

    EXPECT_THAT(lags.lags(),
                ElementsAre(Pair(kGood, 1), Pair(kGone, kUnknownLag), Pair(kDamaged, kUnknownLag)));
}

}  // namespace
}  // namespace millrace::support
