// error: CallableWithRecord
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("t").map_values([](int n) { return n + 1; }).to("o");
}
