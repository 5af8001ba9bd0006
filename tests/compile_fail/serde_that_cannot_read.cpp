// error: HasDeserialize
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

struct Payment {};

template <>
struct millrace::Serde<Payment> {
    static Bytes serialize(const Payment&) { return {}; }
};

int main() {
    millrace::StreamsBuilder builder;
    builder.table<std::string, Payment>("in");
}
