// SPDX-License-Identifier: Apache-2.0
#include <millrace/core/version.hpp>
#include <millrace/millrace.hpp>

#include <cstdio>
#include <string>

// A production program: builds a topology with the DSL.
int main() {
    millrace::StreamsBuilder builder;
    builder.stream<millrace::NoKey, std::string>("lines")
        .group_by([](const std::string& line) { return line; })
        .count({.store = "counts"})
        .to_stream()
        .to("line-counts");
    const millrace::Topology topology = std::move(builder).build();

    std::printf("millrace %s\n%s", millrace::version().data(), topology.describe().c_str());
    return 0;
}
