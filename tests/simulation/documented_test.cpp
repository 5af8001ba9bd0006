// SPDX-License-Identifier: Apache-2.0

// The example in docs/testing.md.
#include "millrace/millrace.hpp"
#include "millrace/testing/simulation.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace {

using millrace::ProcessingGuarantee;
using millrace::testing::OutputComparison;
using millrace::testing::simulate;
using millrace::testing::SimulatedApplication;

millrace::Topology letter_count() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("words")
        .group_by([](const std::string& word) { return word.substr(0, 1); })
        .count({.store = "counts"})
        .to_stream()
        .to("letters");
    return std::move(builder).build();
}

TEST(LetterCount, CountsEachWordOnceWhateverFails) {
    SimulatedApplication application{.topology = letter_count,
                                     .config = {.application_id = "letters"},
                                     .topics = {{"words", 2}, {"letters", 2}},
                                     .output = {"letters"},
                                     .comparison = OutputComparison::kLastOfEachKey};
    application.config.processing_guarantee = ProcessingGuarantee::kExactlyOnceV2;
    for (const char* word : {"to", "be", "or", "not", "to", "be", "that", "is"}) {
        application.input.push_back({.topic = "words", .record = {.key = word, .value = word}});
    }

    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const auto report = simulate(application, {.seed = seed});
        EXPECT_TRUE(report.passed()) << report.trace << report.to_string();
    }
}

}  // namespace
