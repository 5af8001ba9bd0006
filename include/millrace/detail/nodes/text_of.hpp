// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/record.hpp"
#include "millrace/core/time.hpp"
#include "millrace/windows/window.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace::detail {

template <class T>
        struct IsPrintable : std::bool_constant < std::convertible_to<const T&, std::string_view> ||
    std::is_arithmetic_v<T> || std::same_as<T, NoKey> || requires(const T& value) {
    { to_string(value) } -> std::same_as<std::string>;
} > {};
template <class T>
struct IsPrintable<std::optional<T>> : IsPrintable<T> {};
template <class K, class W>
struct IsPrintable<Windowed<K, W>> : IsPrintable<K> {};

template <class T>
struct TextOf {
    static std::string of(const T& value) {
        if constexpr (std::convertible_to<const T&, std::string_view>) {
            return std::string(std::string_view(value));
        } else if constexpr (std::same_as<T, bool>) {
            return value ? "true" : "false";
        } else if constexpr (std::is_arithmetic_v<T>) {
            return std::to_string(value);
        } else if constexpr (std::same_as<T, NoKey>) {
            return "null";
        } else {
            return to_string(value);
        }
    }
};
template <class T>
struct TextOf<std::optional<T>> {
    static std::string of(const std::optional<T>& value) {
        return value ? TextOf<T>::of(*value) : "null";
    }
};
template <class K, class W>
struct TextOf<Windowed<K, W>> {
    static std::string of(const Windowed<K, W>& value) {
        return "[" + TextOf<K>::of(value.key) + "@" +
               std::to_string(milliseconds_of(value.window.start)) + "/" +
               std::to_string(milliseconds_of(value.window.end)) + "]";
    }
};

/// Lets one thread at a time call `write`. Throws TopologyError if it is empty.
std::function<void(std::string_view)> one_at_a_time(std::function<void(std::string_view)> write);

[[noreturn]] void no_text(const std::string& stream, const char* key_type, const char* value_type);

}  // namespace millrace::detail
