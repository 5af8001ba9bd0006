// error: RecordToRange
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("t").flat_map_values([](const std::string&) { return 1; });
}
