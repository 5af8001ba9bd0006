// SPDX-License-Identifier: Apache-2.0
#include "case.hpp"

#include "millrace/client/streams_config.hpp"
#include "variant.hpp"

#include <stdexcept>

namespace millrace::parity {

Topology Case::build() {
    StreamsConfig config;
    for (const char* name : {"topology.optimization", "ensure.explicit.internal.resource.naming"}) {
        if (!settings[name].empty()) {
            config.set(name, settings[name]);
        }
    }
    TopologyOptions options = config.topology_options();
    options.reproduce_kafka_defects = settings[kWithoutDefects].empty();
    return std::move(b).build(options);
}

std::string text(const Str& value) {
    return value ? *value : "null";
}

std::string text(const Long& value) {
    return value ? std::to_string(*value) : "null";
}

bool starts_with(const Str& value, const char* prefix) {
    return value.value().starts_with(prefix);
}

std::string head(const Str& value, std::size_t count) {
    if (value.value().size() < count) {
        throw std::out_of_range("substring past the end");
    }
    return value->substr(0, count);
}

std::string upper_case(const Str& value) {
    std::string upper = value.value();
    for (char& c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return upper;
}

std::int64_t parse_long(const std::string& value) {
    std::size_t end = 0;
    const std::int64_t number = std::stoll(value, &end);
    if (end != value.size()) {
        throw std::invalid_argument("not a number: " + value);
    }
    return number;
}

}  // namespace millrace::parity
