// SPDX-License-Identifier: Apache-2.0
#include "core/type_name.hpp"

#include <cxxabi.h>
#include <cstdlib>
#include <memory>

namespace millrace {

std::string type_name(const char* mangled) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(
        abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
    return status == 0 ? demangled.get() : mangled;
}

}  // namespace millrace
