// error: RecordPredicate
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").filter([](const std::string&) {}).to("out");
}
