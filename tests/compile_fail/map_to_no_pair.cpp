// error: RecordToPair
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").map(
        [](const std::string& v) { return v.size(); });
}
