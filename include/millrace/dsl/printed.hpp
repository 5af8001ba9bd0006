// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/record.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/nodes/text_of.hpp"
#include "millrace/windows/windowed.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

/// Receives lines of text, without line ends.
using LineWriter = std::function<void(std::string_view line)>;

/// Writes lines to the standard output, each at once.
LineWriter lines_to_standard_output();

/// Truncates or creates the file and writes lines to it, each at once. Throws TopologyError if it
/// cannot be written.
LineWriter lines_to_file(const std::string& file);

/// A key or value that can be written as text: text, numbers, types with a to_string (found by
/// ADL), the same with null, and windowed keys.
template <class T>
concept Printable = detail::IsPrintable<T>::value;

/// How a stream is printed. Has the semantics of Kafka Streams' Printed.
template <class K, class V>
struct Printed {
    std::string name{};   ///< Of the node.
    std::string label{};  ///< The prefix of lines; empty: the name of the stream's node.
    std::function<std::string(const K& key, const V& value)>
        text{};                                     ///< The rest of a line; empty: "key, value".
    LineWriter write = lines_to_standard_output();  ///< Used by one thread at a time.
};

}  // namespace millrace
