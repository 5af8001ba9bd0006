// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"
#include "variant.hpp"

#include <optional>

namespace millrace::parity {

/// Runs the scenario of a case with the case's inputs. Returns the results in the format of a case;
/// empty if there is no such scenario. Reads only name, seed, configuration, program and inputs of
/// `recorded`.
std::optional<Json> run_case(const Json& recorded, const Variant& variant = {});

/// The same, followed by commits until all caches are empty. Only for comparing final states.
std::optional<Json> run_case_to_the_end(const Json& recorded, const Variant& variant);

}  // namespace millrace::parity
