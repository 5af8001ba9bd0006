// SPDX-License-Identifier: Apache-2.0
#include "assignment/task_map.hpp"

#include "core/topic_matcher.hpp"

#include <algorithm>
#include <set>

namespace millrace::assignment {

using topology::ApplicationTopology;
using topology::SubTopology;

namespace {

bool matches_any(const std::string& topic, const std::vector<std::string>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return TopicMatcher(pattern).matches(topic);
    });
}

}  // namespace

bool reads(const SubTopology& part, const std::string& topic) {
    return std::find(part.source_topics.begin(), part.source_topics.end(), topic) !=
               part.source_topics.end() ||
           matches_any(topic, part.source_patterns);
}

TaskMap::TaskMap(const ApplicationTopology& application, const kafka::PartitionCounts& topics) {
    std::set<std::string> given;
    for (const SubTopology& part : application.sub_topologies) {
        for (const auto& [topic, count] : topics) {
            // A topic of two sources goes to one task only, whose thread refuses it.
            if (!reads(part, topic) || !given.insert(topic).second) {
                continue;
            }
            for (Partition partition = 0; partition < count; ++partition) {
                tasks_[{part.id, partition}].push_back({topic, partition});
            }
        }
    }
}

std::int32_t sub_topology_of(const ApplicationTopology& application, const std::string& topic) {
    for (const SubTopology& part : application.sub_topologies) {
        if (reads(part, topic)) {
            return part.id;
        }
    }
    return -1;
}

}  // namespace millrace::assignment
