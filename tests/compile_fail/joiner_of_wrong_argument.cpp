// error: ValueJoiner
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    const auto table = builder.table<std::string, std::string>("table");
    builder.stream<std::string, std::string>("in").join(
        table, [](int left, int right) { return left + right; });
}
