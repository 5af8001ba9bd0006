// error: It would dangle
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

std::string value_of(const millrace::Record<std::string, std::string>& record) {
    const auto view = record.with_value(record.value + "!").view();
    return view.value;
}

int main() {}
