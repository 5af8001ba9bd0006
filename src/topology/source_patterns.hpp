// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/topic_matcher.hpp"
#include "topology/sub_topologies.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace millrace::topology {

/// The patterns of several sources, each of which must read topics of its own.
class SourcePatterns {
  public:
    void add(const std::string& pattern) { matchers_.emplace_back(pattern); }

    /// The index of the pattern that matches `topic`, in the order added. Throws TopologyError if
    /// more than one does: the records of a topic go to one source only.
    std::optional<std::size_t> find(const std::string& topic) const;

    std::size_t size() const noexcept { return matchers_.size(); }

  private:
    std::vector<TopicMatcher> matchers_;
};

/// The patterns of all sources of the application.
SourcePatterns patterns_of(const ApplicationTopology& application);

}  // namespace millrace::topology
