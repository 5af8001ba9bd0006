// SPDX-License-Identifier: Apache-2.0

// Input topics that operators change under a running application.
#include "workloads.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace millrace::simulation {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::OutputComparison;
using testing::SimulatedFault;

constexpr std::uint64_t kSeeds = 5;

testing::SimulationReport simulate(const testing::SimulatedApplication& application,
                                   std::uint64_t seed, SimulatedFault fault) {
    return testing::simulate(application, {.seed = seed,
                                           .faults = 3,
                                           .kinds = {fault, SimulatedFault::kCrash},
                                           .recovery = std::chrono::seconds{10},
                                           .shrink = false});
}

TEST(GrownInput, IsReadCompletelyByAStatelessTopology) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        auto application = workload("copy", seed, ProcessingGuarantee::kExactlyOnceV2);
        application.comparison = OutputComparison::kSameRecords;  // Keys change their partition.
        const auto report = simulate(application, seed, SimulatedFault::kGrownTopic);
        EXPECT_TRUE(report.passed()) << report.to_string();
    }
}

/// What threads failed with.
std::vector<std::string> failures(const testing::SimulationReport& report) {
    std::vector<std::string> found;
    for (const std::string& violation : report.violations) {
        if (violation.starts_with("a stream thread failed: ")) {
            found.push_back(violation);
        }
    }
    return found;
}

TEST(GrownInput, IsRefusedByATopologyWithState) {
    bool any = false;
    for (const char* name : {"count", "repartitioned-count", "stream-table-join"}) {
        for (std::uint64_t seed = 1; seed <= 2; ++seed) {
            const auto report = simulate(workload(name, seed, ProcessingGuarantee::kExactlyOnceV2),
                                         seed, SimulatedFault::kGrownTopic);
            const auto errors = failures(report);
            any = any || !errors.empty();
            EXPECT_THAT(errors,
                        Each(AnyOf(HasSubstr("the number of input partitions was changed"),
                                   HasSubstr("topics to be joined must have the same number of"))));
        }
    }
    EXPECT_TRUE(any);
}

// Its unread records are lost with it, but nothing is processed twice.
TEST(RecreatedInput, IsReadFromItsStart) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        auto application = workload("copy", seed, ProcessingGuarantee::kExactlyOnceV2);
        application.comparison = OutputComparison::kNone;
        application.check = [](const testing::SimulatedApplication::Output& output) {
            std::set<NullableOwnedBytes> values;
            std::vector<std::string> twice;
            for (const auto& record : output.at("out")) {
                if (!values.insert(record.value).second) {
                    twice.push_back("twice: " + record.value.value_or("null"));
                }
            }
            return twice;
        };
        const auto report = simulate(application, seed, SimulatedFault::kRecreatedTopic);
        EXPECT_THAT(report.violations, IsEmpty()) << report.to_string();
        EXPECT_THAT(report.output.at("out"), Not(IsEmpty()));
    }
}

}  // namespace
}  // namespace millrace::simulation
