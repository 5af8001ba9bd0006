// SPDX-License-Identifier: Apache-2.0

// Disks that are full for some time: threads end with an error that says so, and nothing is lost.
#include "millrace/millrace.hpp"
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace millrace::simulation {
namespace {

constexpr std::uint64_t kSeeds = 4;

class FullDisks : public ::testing::TestWithParam<ProcessingGuarantee> {
  protected:
    static testing::SimulationReport simulate(const std::string& name, std::uint64_t seed) {
        return testing::simulate(
            workload(name, seed, GetParam()),
            {.seed = seed, .faults = 8, .kinds = {testing::SimulatedFault::kFullDisk}});
    }
};

TEST_P(FullDisks, EndThreadsWithTheRemedyAndLoseNothing) {
    int failed = 0;
    for (const char* name : {"count", "global-table-join", "windowed-count"}) {
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
            const auto report = simulate(name, seed);
            EXPECT_TRUE(report.passed()) << name << ": " << report.to_string();
            failed += report.trace.find("No space left on device") != std::string::npos ? 1 : 0;
        }
    }
    EXPECT_GT(failed, 0) << "no disk was full when something was written";
}

INSTANTIATE_TEST_SUITE_P(Simulation, FullDisks,
                         ::testing::Values(ProcessingGuarantee::kAtLeastOnce,
                                           ProcessingGuarantee::kExactlyOnceV2),
                         [](const auto& each_case) {
                             return each_case.param == ProcessingGuarantee::kExactlyOnceV2
                                        ? "exactly_once"
                                        : "at_least_once";
                         });

}  // namespace
}  // namespace millrace::simulation
