// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/error_place.hpp"

#include <gtest/gtest.h>

namespace millrace::runtime {
namespace {

TEST(ErrorPlace, NamesWhatIsKnown) {
    EXPECT_EQ(place_of({.task = {1, 2}, .node = "sum", .topic = "in", .partition = 2, .offset = 7}),
              "node sum, topic in, partition 2, offset 7, task 1_2: ");
    EXPECT_EQ(place_of({.task = {1, 2}, .node = "sum"}), "node sum, task 1_2: ");
    EXPECT_EQ(place_of({.topic = "in", .partition = 2, .offset = 7}),
              "topic in, partition 2, offset 7, task 0_0: ");
}

TEST(ErrorPlace, IsEmptyIfNothingIsKnown) {
    EXPECT_EQ(place_of({}), "");
}

}  // namespace
}  // namespace millrace::runtime
