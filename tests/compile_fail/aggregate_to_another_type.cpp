// error: Aggregator
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").group_by_key().aggregate(
        0, [](int, const std::string& value) { return value; });
}
