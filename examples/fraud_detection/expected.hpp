// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "generator.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace fraud {

/// The expected results for given traffic, computed without Millrace: one loop over the payments.
struct Expectation {
    std::uint64_t payments = 0;
    std::uint64_t dead_letters = 0;
    /// Payments that arrived after their window had closed.
    std::uint64_t too_late = 0;
    /// Ids of payments.
    std::set<std::uint64_t> high_risk;
    std::set<std::uint64_t> model_alerts;
    /// Serialised VelocityAlerts by card and hour.
    std::map<std::string, std::string> velocity_alerts;
    /// The keys if no payment were too late: those of velocity_alerts and more. A restarted task
    /// starts with unknown stream time and may accept late payments.
    std::set<std::string> velocity_alerts_if_never_too_late;
};

/// Computes the alerts for the first `payments` payments of that traffic.
Expectation expect(const TrafficOptions& options, std::uint64_t payments);

}  // namespace fraud
