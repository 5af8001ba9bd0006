// SPDX-License-Identifier: Apache-2.0
#include "core/exception_text.hpp"

#include <exception>

namespace millrace {

std::string exception_text() {
    try {
        throw;
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "exception not derived from std::exception";
    }
}

}  // namespace millrace
