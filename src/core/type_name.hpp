// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace {

/// A type's name as it is written in C++, of what std::type_info::name() gives.
std::string type_name(const char* mangled);

namespace detail {
using millrace::type_name;  // Beside those of types, state/store_types.hpp.
}

}  // namespace millrace
