// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "expected.hpp"
#include "payments.pb.h"

#include <cstdint>
#include <string>

namespace fraud {

/// What came out, or must come out, of a run.
struct Summary {
    std::uint64_t payments = 0;
    std::uint64_t high_risk = 0;
    std::uint64_t velocity_alerts = 0;
    std::uint64_t model_alerts = 0;
    std::uint64_t dead_letters = 0;
};

Summary summary_of(const Expectation& expected);

/// One line for a person to read.
std::string to_line(const VelocityAlert& alert);
std::string to_line(const ModelAlert& alert);
std::string to_line(const Summary& progress);

/// Prints "name value" lines to standard output: scripts and tests read them.
void print(const Summary& summary);

/// Prints the summary, and before it one line per alert: its kind and what identifies it.
void print(const Expectation& expected);

}  // namespace fraud
