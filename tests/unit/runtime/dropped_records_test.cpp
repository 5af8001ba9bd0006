// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/dropped_records.hpp"

#include "millrace/core/logging.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DroppedRecordsTest : public ::testing::Test {
  protected:
    DroppedRecordsTest() {
        set_log_sink([this](LogLevel, std::string_view line) { lines_.emplace_back(line); });
    }
    ~DroppedRecordsTest() override { set_log_sink({}); }

    std::vector<std::string> lines_;
    DroppedRecords dropped_{"task 0_3", nullptr};
};

TEST_F(DroppedRecordsTest, CountsEachRecordAndLogsOneEveryTenSeconds) {
    dropped_.add("source", "null key", timestamp_of(1'000));
    dropped_.add("source", "null value", timestamp_of(10'999));
    dropped_.add("sums", "late", timestamp_of(11'000));

    EXPECT_EQ(dropped_.count(), 3U);
    EXPECT_THAT(lines_,
                ElementsAre(HasSubstr("record dropped: null key: source, task 0_3, so far 1"),
                            HasSubstr("record dropped: late: sums, task 0_3, so far 3")));
}

TEST_F(DroppedRecordsTest, LogsAgainWhenTheClockWasSetBack) {
    dropped_.add("source", "null key", timestamp_of(20'000));
    dropped_.add("source", "null key", timestamp_of(5'000));

    EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(DroppedRecordsTest, CountsRecordsThatAHandlerHasLogged) {
    dropped_.add();

    EXPECT_EQ(dropped_.count(), 1U);
    EXPECT_TRUE(lines_.empty());
}

}  // namespace
}  // namespace millrace::runtime
