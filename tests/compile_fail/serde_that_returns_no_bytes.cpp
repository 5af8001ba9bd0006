// error: HasSerialize
// SPDX-License-Identifier: Apache-2.0
#include "millrace/millrace.hpp"

#include <string>

struct Payment {};

template <>
struct millrace::Serde<Payment> {
    static const char* serialize(const Payment&) { return ""; }
    static Payment deserialize(BytesView) { return {}; }
};

int main() {
    millrace::StreamsBuilder builder;
    builder.table<std::string, Payment>("in");
}
