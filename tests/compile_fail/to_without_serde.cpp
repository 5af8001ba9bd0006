// error: Writable
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("t")
        .map_values([](const std::string& v) { return std::pair(v, v); })
        .to("o");
}
