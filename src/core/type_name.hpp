// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace millrace {

/// The C++ spelling of a type's name, from std::type_info::name().
std::string type_name(const char* mangled);

namespace detail {
using millrace::type_name;  // Declared next to the store types in state/store_types.hpp.
}

}  // namespace millrace
