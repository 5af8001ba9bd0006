// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// All topics whose whole name matches a regular expression (ECMAScript), including topics that are
/// created later.
struct TopicPattern {
    std::string regex;
};

/// The topics of a source: one topic, several, or all that match a pattern.
class Topics {
  public:
    // NOLINTBEGIN(google-explicit-constructor): arguments of stream() convert to it.
    Topics(const char* topic) : names_{topic} {}
    Topics(std::string topic) : names_{std::move(topic)} {}
    Topics(std::vector<std::string> topics) : names_(std::move(topics)) {}
    Topics(std::initializer_list<const char*> topics) : names_(topics.begin(), topics.end()) {}
    Topics(TopicPattern pattern) : pattern_(std::move(pattern.regex)) {}
    // NOLINTEND(google-explicit-constructor)

    const std::vector<std::string>& names() const noexcept { return names_; }
    const std::string& pattern() const noexcept { return pattern_; }

  private:
    std::vector<std::string> names_;
    std::string pattern_;
};

}  // namespace millrace
