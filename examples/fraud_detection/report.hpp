// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "expected.hpp"
#include "payments.pb.h"

#include <cstdint>
#include <string>

namespace fraud {

/// The actual or expected results of a run.
struct Summary {
    std::uint64_t payments = 0;
    std::uint64_t high_risk = 0;
    std::uint64_t velocity_alerts = 0;
    std::uint64_t model_alerts = 0;
    std::uint64_t dead_letters = 0;
};

Summary summary_of(const Expectation& expected);

/// One line for people to read.
std::string to_line(const VelocityAlert& alert);
std::string to_line(const ModelAlert& alert);
std::string to_line(const Summary& progress);

/// Prints "name value" lines to standard output, for scripts and tests.
void print(const Summary& summary);

/// Prints one line per alert with its kind and identity, then the summary.
void print(const Expectation& expected);

}  // namespace fraud
