// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace {

/// The message of the exception that is being handled; a fixed text if it is not derived from
/// std::exception. Must be called in a catch block.
std::string exception_text();

}  // namespace millrace
