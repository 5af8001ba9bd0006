// SPDX-License-Identifier: Apache-2.0
#include "core/topic_matcher.hpp"

#include "millrace/core/error.hpp"

#include <cctype>
#include <regex>
#include <string_view>

namespace millrace {
namespace {

bool is_name_character(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '.' ||
           character == '_' || character == '-';
}

/// Position after the character, escape sequence or class that starts at `at`.
std::size_t after_atom(std::string_view text, std::size_t at) {
    if (text[at] == '\\') {
        return at + 2;
    }
    if (text[at] != '[') {
        return at + 1;
    }
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != ']') {
        end += text[end] == '\\' ? 2 : 1;
    }
    return end + 1;
}

/// Splits at every '|' outside of groups.
std::vector<std::string_view> alternatives(std::string_view text) {
    std::vector<std::string_view> found;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); at = after_atom(text, at)) {
        depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
        if (text[at] == '|' && depth == 0) {
            found.push_back(text.substr(begin, at - begin));
            begin = at + 1;
        }
    }
    found.push_back(text.substr(begin));
    return found;
}

/// If the whole text is one group, its content; otherwise the text.
std::string_view without_group(std::string_view text) {
    if (text.size() < 2 || text.front() != '(' || text[1] == '?') {
        return text;
    }
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); at = after_atom(text, at)) {
        depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
        if (depth == 0) {
            return at + 1 == text.size() ? text.substr(1, text.size() - 2) : text;
        }
    }
    return text;
}

std::string superset_of(std::string_view text) {
    std::string literal;
    std::size_t at = text.starts_with('^') ? 1 : 0;
    while (at < text.size()) {
        const bool escaped = text[at] == '\\' && at + 1 < text.size();
        const char character = escaped ? text[at + 1] : text[at];
        const bool means_itself =
            is_name_character(character) &&
            (escaped ? std::isalnum(static_cast<unsigned char>(character)) == 0 : character != '.');
        const std::size_t next = at + (escaped ? 2 : 1);
        const bool quantified = next < text.size() &&
                                std::string_view("*+?{").find(text[next]) != std::string_view::npos;
        if (!means_itself || quantified) {
            break;
        }
        literal += character == '.' ? std::string("\\.") : std::string(1, character);
        at = next;
    }
    return "^" + literal + (at == text.size() ? "$" : ".*$");
}

void add_supersets(std::string_view pattern, std::vector<std::string>& out) {
    for (const std::string_view alternative : alternatives(pattern)) {
        const std::string_view inside = without_group(alternative);
        if (inside.size() < alternative.size()) {
            add_supersets(inside, out);
        } else {
            out.push_back(superset_of(alternative));
        }
    }
}

}  // namespace

struct TopicMatcher::Compiled {
    explicit Compiled(const std::string& pattern) : regex(pattern, std::regex::ECMAScript) {}

    std::regex regex;
};

TopicMatcher::TopicMatcher(const std::string& pattern) : pattern_(pattern) {
    try {
        compiled_ = std::make_shared<const Compiled>(pattern);
    } catch (const std::regex_error& error) {
        throw TopologyError("not a regular expression for topics: " + pattern + ": " +
                            error.what() + "; use ECMAScript's syntax");
    }
}

bool TopicMatcher::matches(const std::string& topic) const {
    return std::regex_match(topic, compiled_->regex);
}

std::vector<std::string> posix_supersets(const std::string& pattern) {
    std::vector<std::string> found;
    add_supersets(pattern, found);
    return found;
}

}  // namespace millrace
