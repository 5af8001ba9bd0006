// SPDX-License-Identifier: Apache-2.0
#include "topology.hpp"

#include "millrace/testing/topology_test_driver.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>

namespace {

using millrace::NoKey;
using millrace::testing::TopologyTestDriver;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(WordCount, CountsWordsIgnoringCase) {
    TopologyTestDriver driver(word_count());
    auto lines = driver.input_topic<NoKey, std::string>("lines");
    auto counts = driver.output_topic<std::string, std::int64_t>("word-counts");

    lines.pipe({}, "To be, or not");
    EXPECT_THAT(counts.drain_key_values(),
                UnorderedElementsAre(Pair("to", 1), Pair("be", 1), Pair("or", 1), Pair("not", 1)));

    lines.pipe({}, "to BE");
    EXPECT_THAT(counts.drain_key_values(), UnorderedElementsAre(Pair("to", 2), Pair("be", 2)));
}

}  // namespace
