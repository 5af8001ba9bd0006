// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"

#include <optional>

namespace millrace::parity {

/// Runs the scenario of a case on the case's inputs. Returns what happened, in the form of a case;
/// nothing when there is no such scenario. Reads nothing of `recorded` but name, seed,
/// configuration, program and inputs.
std::optional<Json> run_case(const Json& recorded);

}  // namespace millrace::parity
