// error: Serializable
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

namespace {
struct NoSerde {};
}  // namespace

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, std::string>("in").group_by_key().aggregate(
        NoSerde{}, [](NoSerde sum, const std::string&) { return sum; });
}
