// error: std::move(builder).build()
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").to("out");
    const millrace::Topology topology = builder.build();
}
