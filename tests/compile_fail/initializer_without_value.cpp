// error: Initializer
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").group_by_key().aggregate(
        [] {}, [](int sum, const std::string&) { return sum + 1; });
}
