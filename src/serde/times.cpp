// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/serde/times.hpp"

#include "millrace/core/error.hpp"

#include <string>

namespace millrace::detail {

void no_leading_time(std::size_t size) {
    throw SerdeError("too short for a value with timestamp: " + std::to_string(size) + " bytes");
}

}  // namespace millrace::detail
