// compiles
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// The same code as in the other cases, without the mistakes.
int main() {
    millrace::StreamsBuilder builder;
    const auto table = builder.table<std::string, std::string>("table");
    const auto stream = builder.stream<std::string, std::string>("in");
    stream.filter([](const std::string& value) { return !value.empty(); })
        .map([](const std::string& value) { return std::pair(value, value.size()); })
        .map_values([](std::size_t size) { return static_cast<std::int64_t>(size); })
        .to("sizes");
    stream.flat_map_values([](const std::string& value) { return std::vector{value, value}; })
        .join(table, [](const std::string& left, const std::string& right) { return left + right; })
        .to("joined");
    stream.flat_map([](const std::string& value) { return std::vector{std::pair(value, value)}; })
        .group_by_key()
        .aggregate(std::int64_t{0}, [](std::int64_t sum, const std::string&) { return sum + 1; });
    stream.group_by([](const std::string& value) { return value; }).count();
}
