// SPDX-License-Identifier: Apache-2.0
#include "topology/source_patterns.hpp"

#include "millrace/core/error.hpp"

namespace millrace::topology {

std::optional<std::size_t> SourcePatterns::find(const std::string& topic) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < matchers_.size(); ++i) {
        if (!matchers_[i].matches(topic)) {
            continue;
        }
        if (found) {
            throw TopologyError("topic " + topic + " matches the patterns of two sources: " +
                                matchers_[*found].pattern() + " and " + matchers_[i].pattern() +
                                "; change one of them, or read both with one source");
        }
        found = i;
    }
    return found;
}

SourcePatterns patterns_of(const ApplicationTopology& application) {
    SourcePatterns patterns;
    for (const SubTopology& sub : application.sub_topologies) {
        for (const std::string& pattern : sub.source_patterns) {
            patterns.add(pattern);
        }
    }
    return patterns;
}

}  // namespace millrace::topology
