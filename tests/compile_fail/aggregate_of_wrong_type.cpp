// error: Aggregator
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("t").group_by_key().aggregate(
        0, [](int n, int v) { return n + v; });
}
