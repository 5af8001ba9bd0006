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

/// Runs every timeline of docs/semantics/<page>.md through the program that it names, and expects
/// what it says. A line of a timeline is
///
///     TOPIC KEY=VALUE@TIME -> KEY=VALUE@TIME, KEY=VALUE@TIME   # remark
///
/// with what comes out after the arrow, nothing if nothing does. "-" is null. A line "wall clock
/// +TIME" moves the wall clock. Every program must be used by a timeline.
void expect_page(const std::string& page, const std::map<std::string, Build>& programs);

/// "a[0,10)": half-open, as time windows are.
Text label(const Windowed<Text>& window);
/// "a[0,10]": both ends belong to it, as in session and sliding windows.
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
