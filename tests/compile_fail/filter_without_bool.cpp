// error: RecordPredicate
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("t").filter([](const std::string& v) { return v; });
}
