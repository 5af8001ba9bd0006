// error: Serializable
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

namespace {
struct NoSerde {};
}  // namespace

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<std::string, NoSerde>("in");
}
