// error: AggregationWindows
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").group_by_key().windowed_by(5).count();
}
