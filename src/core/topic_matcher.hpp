// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace millrace {

/// A regular expression for names of topics: ECMAScript, which is what most of Java's patterns are
/// as well. The one engine for all that looks at patterns, so that a topic is read by everybody or
/// by nobody.
///
/// Cheap to copy. Immutable, so any thread may use it.
class TopicMatcher {
  public:
    /// Throws TopologyError that names the pattern and says what is wrong with it.
    explicit TopicMatcher(const std::string& pattern);

    /// Whether the whole name matches.
    bool matches(const std::string& topic) const;

    const std::string& pattern() const noexcept { return pattern_; }

  private:
    struct Compiled;

    std::string pattern_;
    std::shared_ptr<const Compiled> compiled_;
};

/// Patterns in POSIX extended syntax that between them match at least the names that `pattern`
/// matches: each is a name, or its beginning followed by anything. For whoever has another engine.
/// Requires a pattern that TopicMatcher takes.
std::vector<std::string> posix_supersets(const std::string& pattern);

}  // namespace millrace
