// SPDX-License-Identifier: Apache-2.0

// Applications under random faults, seed by seed.
//
// MILLRACE_SIMULATION_SEEDS: how many seeds of each application (default 20).
// MILLRACE_SIMULATION_SEED: only this one, with its trace.
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <tuple>

namespace millrace::simulation {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Seeds : public ::testing::TestWithParam<std::tuple<std::string, ProcessingGuarantee>> {};

std::string name_of(const ::testing::TestParamInfo<Seeds::ParamType>& info) {
    std::string name =
        std::get<0>(info.param) + (std::get<1>(info.param) == ProcessingGuarantee::kExactlyOnceV2
                                       ? "_exactly_once"
                                       : "_at_least_once");
    for (char& each : name) {
        each = each == '-' ? '_' : each;
    }
    return name;
}

/// The same seed has other faults for another application.
testing::SimulationReport simulate(const Seeds::ParamType& what, std::uint64_t seed) {
    const auto names = workloads();
    const auto& [name, guarantee] = what;
    const auto place = static_cast<std::uint64_t>(
        std::distance(names.begin(), std::find(names.begin(), names.end(), name)));
    const std::uint64_t of_application =
        seed * 100 + 2 * place + (guarantee == ProcessingGuarantee::kExactlyOnceV2 ? 1 : 0);
    return testing::simulate(workload(name, seed, guarantee), {.seed = of_application});
}

TEST_P(Seeds, KeepTheGuarantee) {
    if (const char* only = std::getenv("MILLRACE_SIMULATION_SEED")) {
        const auto report = simulate(GetParam(), std::strtoull(only, nullptr, 10));
        std::cout << report.trace << report.to_string();
        EXPECT_TRUE(report.passed());
        return;
    }
    const auto first = number_from_environment("MILLRACE_SIMULATION_FIRST_SEED", 1);
    const auto count = number_from_environment("MILLRACE_SIMULATION_SEEDS", 20);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const auto report = simulate(GetParam(), seed);
        EXPECT_TRUE(report.passed())
            << report.to_string() << "\nMILLRACE_SIMULATION_SEED=" << seed
            << " build/dev/bin/simulation_tests --gtest_filter=*."
            << ::testing::UnitTest::GetInstance()->current_test_info()->name();
    }
}

INSTANTIATE_TEST_SUITE_P(Simulation, Seeds,
                         ::testing::Combine(::testing::ValuesIn(workloads()),
                                            ::testing::Values(ProcessingGuarantee::kAtLeastOnce,
                                                              ProcessingGuarantee::kExactlyOnceV2)),
                         name_of);

TEST(Simulation, HasTheSameTraceForTheSameSeed) {
    for (const std::string& name : workloads()) {
        const auto application = workload(name, 7, ProcessingGuarantee::kExactlyOnceV2);
        const auto first = testing::simulate(application, {.seed = 7});
        const auto second = testing::simulate(application, {.seed = 7});
        EXPECT_FALSE(first.trace.empty());
        EXPECT_EQ(first.trace, second.trace) << name;
    }
}

TEST(Simulation, HasAnotherTraceForAnotherSeed) {
    const auto application = workload("count", 7, ProcessingGuarantee::kExactlyOnceV2);
    EXPECT_NE(testing::simulate(application, {.seed = 1}).trace,
              testing::simulate(application, {.seed = 2}).trace);
}

}  // namespace
}  // namespace millrace::simulation
