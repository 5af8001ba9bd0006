// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/millrace.hpp"

#include <functional>
#include <map>
#include <string>

namespace millrace::semantics {

using namespace std::chrono_literals;

using Text = std::string;
using MaybeText = std::optional<std::string>;

/// Builds a topology that reads text and writes text to the topic "out".
using Build = std::function<void(StreamsBuilder&)>;

/// Runs every timeline of docs/semantics/<page>.md through the topology that it names, and compares
/// the results. A line of a timeline is
///
///     TOPIC KEY=VALUE@TIME -> KEY=VALUE@TIME, KEY=VALUE@TIME   # remark
///
/// with the results after the arrow, or nothing. "-" is null. A line "wall clock +TIME" advances
/// the wall clock. Every topology must be used by a timeline.
void expect_page(const std::string& page, const std::map<std::string, Build>& programs);

/// "a[0,10)": half-open, as time windows are.
Text label(const Windowed<Text>& window);
/// "a[0,10]": both ends are inclusive, as in session and sliding windows.
Text closed_label(const Windowed<Text>& window);

inline Text show(std::int64_t value) {
    return std::to_string(value);
}
inline Text show(const Text& value) {
    return value;
}
inline Text show(const Text* value) {
    return value != nullptr ? *value : "-";
}

}  // namespace millrace::semantics
