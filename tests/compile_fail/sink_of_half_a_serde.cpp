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
    builder.stream<std::string, std::string>("in")
        .map_values([](const std::string&) { return Payment{}; })
        .to("out");
}
