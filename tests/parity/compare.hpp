// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"
#include "variant.hpp"

#include <optional>
#include <string>

namespace millrace::parity {

/// The first difference between a recorded case and the result, in words; empty if they are equal.
/// Compares bytes, times, headers, the order of records across topics, the text of the topology,
/// log lines, errors and the order within stores.
std::optional<std::string> first_difference(const Json& expected, const Json& actual);

/// The same for the final states, end_of(), of two results of one case, for the `compared` parts.
std::optional<std::string> first_difference_in_the_end(const Json& expected, const Json& actual,
                                                       Compared compared);

}  // namespace millrace::parity
