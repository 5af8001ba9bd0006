// error: HasKey
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<millrace::NoKey, std::string>("in").group_by_key();
}
