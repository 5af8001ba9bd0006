// error: Suppression
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.table<std::string, std::string>("in").suppress(millrace::UntilWindowCloses{});
}
