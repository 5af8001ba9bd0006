// SPDX-License-Identifier: Apache-2.0
#include "core/type_name.hpp"

#include <cxxabi.h>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace millrace {

std::string type_name(const char* mangled) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(
        abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
    std::string name = status == 0 ? demangled.get() : mangled;
    constexpr std::string_view kString =
        "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    for (auto at = name.find(kString); at != std::string::npos; at = name.find(kString, at)) {
        name.replace(at, kString.size(), "std::string");
    }
    return name;
}

}  // namespace millrace
