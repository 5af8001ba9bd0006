// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"

#include <string>

namespace millrace::parity {

/// A record, an entry of a store and a step, in words. Null: nothing.
std::string show_record(const Json* record);
std::string show_entry(const Json* entry);
std::string show_step(const Json& step);

}  // namespace millrace::parity
