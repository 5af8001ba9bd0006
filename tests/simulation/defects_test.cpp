// SPDX-License-Identifier: Apache-2.0

// Brokers with a defect: the checkers of the simulation find every one.
#include "testing/simulation/run.hpp"
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <set>
#include <string>

namespace millrace::simulation {
namespace {

using testing::embedded::Defect;

struct Case {
    const char* name;
    Defect defect;
    const char* workload;
    ProcessingGuarantee guarantee;
    const char* violation;  ///< A part of one.
    std::set<testing::SimulatedFault> faults = testing::all_simulated_faults();
};

void PrintTo(const Case& each, std::ostream* out) {
    *out << each.name;
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
    return info.param.name;
}

class Defects : public ::testing::TestWithParam<Case> {};

TEST_P(Defects, AreFound) {
    const Case& what = GetParam();
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto report = testing::simulated::simulate(
            workload(what.workload, seed, what.guarantee),
            {.seed = seed, .faults = 20, .kinds = what.faults, .shrink = false}, what.defect);
        for (const std::string& violation : report.violations) {
            if (violation.find(what.violation) != std::string::npos) {
                return;
            }
        }
    }
    FAIL() << "no seed finds the defect";
}

constexpr auto kExactly = ProcessingGuarantee::kExactlyOnceV2;
constexpr auto kAtLeast = ProcessingGuarantee::kAtLeastOnce;
const std::set kFreezes{testing::SimulatedFault::kFreeze};

INSTANTIATE_TEST_SUITE_P(
    OfBrokers, Defects,
    ::testing::Values(
        Case{"NoFencing", Defect::kNoFencing, "count", kExactly, "output of key"},
        // Found by instances that stand still while they commit.
        Case{"AnyGeneration", Defect::kAnyGeneration, "stream-table-join", kExactly,
             "output of key", kFreezes},
        Case{"AnyGenerationAtLeastOnce", Defect::kAnyGeneration, "copy", kAtLeast, "moved back",
             kFreezes},
        Case{"AbortedRecords", Defect::kAbortedRecords, "count", kExactly, "output of key"},
        Case{"CommittedRecords", Defect::kCommittedRecords, "count", kExactly, "output of key"},
        Case{"OffsetsBeforeCommit", Defect::kOffsetsBeforeCommit, "copy", kExactly,
             "output of key"},
        Case{"OffsetsWithoutCommit", Defect::kOffsetsWithoutCommit, "copy", kExactly,
             "output of key"},
        Case{"NoOffsetsWithCommit", Defect::kNoOffsetsWithCommit, "copy", kExactly,
             "output of key"},
        // Likewise: an instance that starts again ends its own earlier transaction first.
        Case{"UnstableOffsets", Defect::kUnstableOffsets, "repartitioned-count", kExactly,
             "output of key", kFreezes},
        Case{"Duplicates", Defect::kDuplicates, "copy", kExactly, "output of key"},
        Case{"LostBatches", Defect::kLostBatches, "copy", kAtLeast, "misses records"},
        Case{"LostChangelog", Defect::kLostChangelog, "count", kAtLeast, "changelog"},
        Case{"LostChangelogOfSessions", Defect::kLostChangelog, "sessions", kExactly, "changelog"},
        Case{"LostChangelogOfAJoin", Defect::kLostChangelog, "stream-stream-join", kExactly,
             "changelog"},
        Case{"LostChangelogOfWindows", Defect::kLostChangelog, "windowed-count", kExactly,
             "changelog"},
        Case{"OffsetsMoveBack", Defect::kOffsetsMoveBack, "copy", kAtLeast, "moved back"},
        Case{"TwoOwners", Defect::kTwoOwners, "copy", kAtLeast, "is assigned to"},
        Case{"Stuck", Defect::kStuck, "copy", kExactly, "output of key"}),
    name_of);

}  // namespace
}  // namespace millrace::simulation
