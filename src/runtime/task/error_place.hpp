// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/handlers.hpp"

#include <string>

namespace millrace::runtime {

/// "node N, topic T, partition 0, offset 7, task 0_1: " without the parts that are unknown; empty
/// if all are.
std::string place_of(const ErrorContext& context);

}  // namespace millrace::runtime
