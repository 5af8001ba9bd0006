// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace millrace {

/// A regular expression for topic names, in ECMAScript syntax, which most Java patterns also have.
/// All components match patterns with this engine, so that they agree about which source reads a
/// topic.
///
/// Cheap to copy. Immutable, so any thread may use it.
class TopicMatcher {
  public:
    /// Throws a TopologyError with the pattern and the reason if it is invalid.
    explicit TopicMatcher(const std::string& pattern);

    /// Whether the whole name matches.
    bool matches(const std::string& topic) const;

    const std::string& pattern() const noexcept { return pattern_; }

  private:
    struct Compiled;

    std::string pattern_;
    std::shared_ptr<const Compiled> compiled_;
};

/// Patterns in POSIX extended syntax that together match at least the names that `pattern` matches:
/// each is a name, or a prefix followed by anything. For components with another engine. Requires a
/// pattern that TopicMatcher accepts.
std::vector<std::string> posix_supersets(const std::string& pattern);

}  // namespace millrace
