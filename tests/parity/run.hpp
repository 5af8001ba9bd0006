// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"
#include "variant.hpp"

#include <optional>

namespace millrace::parity {

/// Runs the scenario of a case on the case's inputs. Returns what happened, in the form of a case;
/// nothing when there is no such scenario. Reads nothing of `recorded` but name, seed,
/// configuration, program and inputs.
std::optional<Json> run_case(const Json& recorded, const Variant& variant = {});

/// The same, and then commits until nothing is left in any cache. Only for comparing what remains
/// in the end.
std::optional<Json> run_case_to_the_end(const Json& recorded, const Variant& variant);

}  // namespace millrace::parity
