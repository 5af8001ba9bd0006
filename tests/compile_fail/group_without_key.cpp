// error: HasKey
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    builder.stream<millrace::NoKey, std::string>("t").group_by_key();
}
