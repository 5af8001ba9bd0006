// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"
#include "variant.hpp"

#include <optional>
#include <string>

namespace millrace::parity {

/// The first difference between a recorded case and what was produced here, in words; nothing when
/// they agree. Bytes, times, headers, the order of records across topics, the text of the topology,
/// log lines, errors and the order within stores all count.
std::optional<std::string> first_difference(const Json& expected, const Json& actual);

/// The same for what remains in the end, end_of(), of two results of one case, as far as it is
/// `compared`.
std::optional<std::string> first_difference_in_the_end(const Json& expected, const Json& actual,
                                                       Compared compared);

}  // namespace millrace::parity
