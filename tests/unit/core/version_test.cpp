// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/version.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

TEST(Version, IsThreeNumbersWithDotsBetween) {
    EXPECT_THAT(std::string(version()), testing::MatchesRegex("[0-9]+[.][0-9]+[.][0-9]+"));
}

}  // namespace
}  // namespace millrace
