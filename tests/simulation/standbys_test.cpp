// SPDX-License-Identifier: Apache-2.0

// Applications with standbys under random faults, seed by seed. Variables as in seeds_test.cpp.
#include "workloads.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <tuple>

namespace millrace::simulation {
namespace {

using namespace std::chrono_literals;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Standbys : public ::testing::TestWithParam<std::tuple<std::string, ProcessingGuarantee>> {
  protected:
    /// With standbys, or none, and warm-ups that are added and removed within the simulated time.
    static testing::SimulationReport simulate(std::uint64_t seed) {
        auto application = workload(std::get<0>(GetParam()), seed, std::get<1>(GetParam()));
        application.config.num_standby_replicas = static_cast<int>(seed % 2);
        application.config.acceptable_recovery_lag = static_cast<std::int64_t>(seed % 3) * 10;
        application.config.probing_rebalance_interval = 60s;
        return testing::simulate(application, {.seed = seed});
    }
};

TEST_P(Standbys, KeepTheGuarantee) {
    if (const char* only = std::getenv("MILLRACE_SIMULATION_SEED")) {
        const auto report = simulate(std::strtoull(only, nullptr, 10));
        std::cout << report.trace << report.to_string();
        EXPECT_TRUE(report.passed());
        return;
    }
    const auto first = number_from_environment("MILLRACE_SIMULATION_FIRST_SEED", 1);
    const auto count = number_from_environment("MILLRACE_SIMULATION_SEEDS", 4);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const auto report = simulate(seed);
        EXPECT_TRUE(report.passed())
            << report.to_string() << "\nMILLRACE_SIMULATION_SEED=" << seed
            << " build/dev/bin/simulation_tests --gtest_filter=*Standbys*."
            << ::testing::UnitTest::GetInstance()->current_test_info()->name();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Simulation, Standbys,
    ::testing::Combine(
        ::testing::Values("count", "windowed-count", "suppressed-count", "stream-table-join"),
        ::testing::Values(ProcessingGuarantee::kAtLeastOnce, ProcessingGuarantee::kExactlyOnceV2)),
    [](const auto& each_case) {
        std::string name = std::get<0>(each_case.param);
        for (char& each : name) {
            each = each == '-' ? '_' : each;
        }
        return name + (std::get<1>(each_case.param) == ProcessingGuarantee::kExactlyOnceV2
                           ? "_exactly_once"
                           : "_at_least_once");
    });

}  // namespace
}  // namespace millrace::simulation
