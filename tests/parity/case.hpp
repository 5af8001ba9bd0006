// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::parity {

/// Keys and values of most scenarios are objects that may be null, as in Java.
using Str = std::optional<std::string>;
using Long = std::optional<std::int64_t>;
using Int = std::optional<std::int32_t>;

/// The context of a scenario: the builder, the configuration of the case, and a log for the output
/// of its own code. Must outlive the topology.
struct Case {
    StreamsBuilder b;
    std::map<std::string, std::string> settings;
    std::vector<std::string> program;  ///< For random topologies.
    std::vector<std::string> lines;    ///< Since the last step.

    void log(std::string line) { lines.push_back(std::move(line)); }

    KStream<Str, Str> stream(const std::string& topic) { return b.stream<Str, Str>(topic); }
    KTable<std::string, std::string> table(const std::string& topic) {
        return b.table<std::string, std::string>(topic);
    }

    /// Builds with the options of the configuration.
    Topology build();
};

/// `value` in the format of Java's string concatenation.
std::string text(const Str& value);
std::string text(const Long& value);

/// Whether `value` starts with `prefix`. Throws std::bad_optional_access on a null.
bool starts_with(const Str& value, const char* prefix);

/// The first `count` bytes. Throws std::bad_optional_access on a null, std::out_of_range if there
/// are fewer.
std::string head(const Str& value, std::size_t count = 1);

/// Throws std::bad_optional_access on a null.
std::string upper_case(const Str& value);

/// Throws std::invalid_argument unless all of `value` is a number.
std::int64_t parse_long(const std::string& value);

}  // namespace millrace::parity
