// SPDX-License-Identifier: Apache-2.0
#include "client/settings/properties.hpp"

#include "millrace/core/error.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

namespace millrace::client {

namespace {

constexpr std::string_view kBlanks = " \t\f";

std::string_view without_leading_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(kBlanks);
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// Takes the next line and its end, any of Unix, old Mac and Windows, from `text`.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find_first_of("\r\n");
    const std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos) {
        text = {};
    } else {
        text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    }
    return line;
}

/// True for an odd number of backslashes at the end: the last one is not part of an escaped
/// backslash.
bool is_continued(std::string_view line) {
    const auto last = line.find_last_not_of('\\');
    const auto count = line.size() - (last == std::string_view::npos ? 0 : last + 1);
    return count % 2 == 1;
}

/// Lines without comments, with continuation lines joined and escapes still in place.
std::vector<std::string> logical_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        std::string_view line = without_leading_blanks(take_line(text));
        if (line.empty() || line.front() == '#' || line.front() == '!') {
            continue;
        }
        std::string& logical = lines.emplace_back();
        while (is_continued(line)) {
            line.remove_suffix(1);
            logical += line;
            line = without_leading_blanks(take_line(text));
        }
        logical += line;
    }
    return lines;
}

void append_utf8(std::uint32_t code, std::string& out) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
    };
    if (code < 0x80U) {
        out += static_cast<char>(code);
    } else if (code < 0x800U) {
        out += static_cast<char>(0xC0U | (code >> 6U));
        tail(0);
    } else if (code < 0x10000U) {
        out += static_cast<char>(0xE0U | (code >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0U | (code >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// The four digits after "\u".
std::uint32_t code_unit(std::string_view text, std::size_t first) {
    constexpr std::size_t kDigits = 4;
    const std::string_view digits = text.substr(std::min(first, text.size()), kDigits);
    std::uint32_t unit = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (digits.size() != kDigits || error != std::errc() || end != digits.data() + kDigits) {
        throw ConfigError(
            "malformed \\uXXXX in a properties file, expected four hexadecimal "
            "digits: \\u" +
            std::string(digits));
    }
    return unit;
}

/// Reads the "\uXXXX" whose digits start at `at`, with the second half of a surrogate pair, if any.
/// Returns the position after it.
std::size_t unescape_unicode(std::string_view text, std::size_t at, std::string& out) {
    constexpr std::uint32_t kReplacement = 0xFFFD;
    const auto is_high = [](std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; };
    const auto is_low = [](std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; };
    std::uint32_t code = code_unit(text, at);
    at += 4;
    if (is_high(code) && text.substr(at).starts_with("\\u")) {
        const std::uint32_t low = code_unit(text, at + 2);
        if (is_low(low)) {
            code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
            at += 6;
        }
    }
    append_utf8(is_high(code) || is_low(code) ? kReplacement : code, out);
    return at;
}

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i++];
            continue;
        }
        const char escaped = text[i + 1];
        i += 2;
        switch (escaped) {
            case 'u':
                i = unescape_unicode(text, i, out);
                break;
            case 't':
                out += '\t';
                break;
            case 'n':
                out += '\n';
                break;
            case 'r':
                out += '\r';
                break;
            case 'f':
                out += '\f';
                break;
            default:
                out += escaped;
        }
    }
    return out;
}

/// The end of the name: the first separator that is not escaped.
std::size_t end_of_name(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size() && line[at] != '=' && line[at] != ':' &&
           kBlanks.find(line[at]) == std::string_view::npos) {
        at += line[at] == '\\' ? 2 : 1;
    }
    return std::min(at, line.size());
}

}  // namespace

std::map<std::string, std::string> parse_properties(std::string_view text) {
    std::map<std::string, std::string> settings;
    for (const std::string& logical : logical_lines(text)) {
        const std::string_view line = logical;
        const std::size_t end = end_of_name(line);
        std::string_view value = without_leading_blanks(line.substr(end));
        if (value.starts_with('=') || value.starts_with(':')) {
            value = without_leading_blanks(value.substr(1));
        }
        settings[unescaped(line.substr(0, end))] = unescaped(value);
    }
    return settings;
}

}  // namespace millrace::client
