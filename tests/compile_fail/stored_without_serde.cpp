// error: Serializable
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

int main() {
    millrace::StreamsBuilder builder;
    struct Plain {};
    builder.table<std::string, Plain>("t");
}
