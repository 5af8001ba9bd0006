// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/simulation.hpp"

#include "testing/simulation/run.hpp"
#include "testing/simulation/shrink.hpp"

#include <algorithm>
#include <utility>

namespace millrace::testing {

namespace {

using simulated::PlannedEvent;
using simulated::RunPlan;

/// Of a simulation with violations.
constexpr int kAttempts = 300;

/// What one undisturbed instance does.
SimulationReport undisturbed(const SimulatedApplication& application, const RunPlan& disturbed) {
    RunPlan plan = disturbed;
    plan.faults.clear();
    plan.instances = 1;
    plan.threads = 1;
    plan.delays = false;
    plan.expected = nullptr;
    plan.defect.reset();
    plan.options.duration = std::chrono::milliseconds{0};
    return simulated::run(application, plan);
}

/// Runs it with and without faults, and compares.
SimulationReport run_both(const SimulatedApplication& application, RunPlan plan) {
    const SimulationReport expected = undisturbed(application, plan);
    plan.expected = &expected.output;
    SimulationReport report = simulated::run(application, plan);
    for (const std::string& violation : expected.violations) {
        report.violations.push_back("without faults: " + violation);
    }
    return report;
}

/// Leaves out faults, input and instances.
RunPlan smaller(const SimulatedApplication& application, RunPlan plan) {
    int attempts = kAttempts;
    const auto fails = [&](const RunPlan& candidate) {
        return !run_both(application, candidate).passed();
    };
    plan.faults = simulated::shrink<PlannedEvent>(
        plan.faults,
        [&](const std::vector<PlannedEvent>& faults) {
            RunPlan candidate = plan;
            candidate.faults = faults;
            return fails(candidate);
        },
        attempts);
    plan.input = simulated::shrink<SimulatedInput>(
        plan.input,
        [&](const std::vector<SimulatedInput>& input) {
            RunPlan candidate = plan;
            candidate.input = input;
            return fails(candidate);
        },
        attempts);
    for (int* const count : {&plan.instances, &plan.threads}) {
        while (*count > 1 && --attempts >= 0) {
            --*count;
            if (!fails(plan)) {
                ++*count;
                break;
            }
        }
    }
    return plan;
}

}  // namespace

SimulationReport simulated::simulate(const SimulatedApplication& application,
                                     const SimulationOptions& options,
                                     std::optional<embedded::Defect> defect) {
    RandomNumbers random(options.seed);
    RunPlan plan;
    plan.defect = defect;
    plan.seed = options.seed;
    plan.options = options;
    plan.input = application.input;
    plan.faults = plan_faults(random, options);
    plan.instances = static_cast<int>(random.between(1, std::max(1, options.instances)));
    plan.threads = static_cast<int>(random.between(1, 2));
    SimulationReport report = run_both(application, plan);
    if (!report.passed() && options.shrink) {
        report = run_both(application, smaller(application, std::move(plan)));
    }
    return report;
}

SimulationReport simulate(const SimulatedApplication& application,
                          const SimulationOptions& options) {
    return simulated::simulate(application, options, std::nullopt);
}

std::string SimulationReport::to_string() const {
    std::string text = "seed " + std::to_string(seed) + ": ";
    text += passed() ? "passed\n" : std::to_string(violations.size()) + " violations\n";
    for (const std::string& violation : violations) {
        text += "  " + violation + "\n";
    }
    text += std::to_string(input_records) + " input records, faults:\n";
    for (const std::string& fault : faults) {
        text += "  " + fault + "\n";
    }
    return text;
}

}  // namespace millrace::testing
