// error: ValueJoiner
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    const auto table = builder.table<std::string, std::string>("table");
    builder.stream<std::string, std::string>("t").join(table, [](int, int) { return 0; });
}
