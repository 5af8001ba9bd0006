// SPDX-License-Identifier: Apache-2.0
#include "core/topic_matcher.hpp"
#include "millrace/core/error.hpp"
#include "topology/source_patterns.hpp"
#include "topology/sub_topologies.hpp"

#include <algorithm>
#include <optional>

namespace millrace::topology {
namespace {

using Counts = std::map<std::string, std::int32_t>;

class Planner {
  public:
    Planner(const ApplicationTopology& application, const Counts& existing)
        : application_(application), existing_(existing) {
        for (const SubTopology& sub : application.sub_topologies) {
            for (const auto& [name, topic] : sub.repartition_source_topics) {
                internal_.emplace(name, topic.enforced_partitions);
                if (topic.enforced_partitions > 0) {
                    counts_[name] = topic.enforced_partitions;
                }
            }
        }
    }

    PartitionPlan plan() {
        check_patterns();
        derive_all();
        // Co-partitioning may change a count that others were derived from.
        for (std::size_t round = 0; round <= internal_.size() && enforce_copartitioning();
             ++round) {
            derive_all();
        }
        PartitionPlan result{.internal_topics = counts_, .tasks = {}};
        for (const SubTopology& sub : application_.sub_topologies) {
            const std::int32_t tasks = largest_source(sub).value_or(0);
            result.tasks.push_back(tasks);
            if (tasks == 0) {
                continue;  // No topic currently matches its pattern: no changelog is needed.
            }
            for (const auto& [store, changelog] : sub.changelogs) {
                result.internal_topics[changelog.name] = tasks;
            }
        }
        return result;
    }

  private:
    void check_patterns() const {
        const SourcePatterns patterns = patterns_of(application_);
        if (patterns.size() < 2) {
            return;
        }
        for (const auto& [topic, partitions] : existing_) {
            patterns.find(topic);
        }
    }

    std::optional<std::int32_t> known(const std::string& topic) const {
        if (internal_.contains(topic)) {
            const auto found = counts_.find(topic);
            return found == counts_.end() ? std::nullopt : std::optional(found->second);
        }
        const auto found = existing_.find(topic);
        if (found == existing_.end()) {
            throw TopologyError("source topic " + topic + " does not exist; create it first");
        }
        return found->second;
    }

    std::optional<std::int32_t> largest_source(const SubTopology& sub) const {
        std::optional<std::int32_t> largest;
        for (const std::string& topic : sub.source_topics) {
            largest = std::max(largest, known(topic));
        }
        for (const std::string& pattern : sub.source_patterns) {
            const TopicMatcher matcher(pattern);
            for (const auto& [topic, partitions] : existing_) {
                if (matcher.matches(topic)) {
                    largest = std::max(largest, std::optional(partitions));
                }
            }
        }
        return largest;
    }

    // As many partitions as the largest source of those that write to the topic.
    void derive_all() {
        std::optional<std::string> unknown;
        bool progress = true;
        while (progress) {
            progress = false;
            unknown.reset();
            for (const auto& [topic, enforced] : internal_) {
                if (counts_.contains(topic)) {
                    continue;
                }
                std::optional<std::int32_t> derived;
                for (const SubTopology& sub : application_.sub_topologies) {
                    const auto& sinks = sub.sink_topics;
                    if (std::find(sinks.begin(), sinks.end(), topic) != sinks.end()) {
                        derived = std::max(derived, largest_source(sub));
                    }
                }
                if (derived) {
                    counts_[topic] = *derived;
                    progress = true;
                } else {
                    unknown = topic;
                }
            }
        }
        if (unknown) {
            throw TopologyError("number of partitions cannot be derived: repartition topic " +
                                *unknown +
                                "; its sources have no topics, or it feeds itself: set the number "
                                "of partitions with repartition()");
        }
    }

    // The partition count that all topics of a group must have.
    std::int32_t common_count(const std::vector<std::string>& group) const {
        std::optional<std::int32_t> external;
        std::optional<std::int32_t> enforced;
        std::int32_t largest = 0;
        std::string first;
        for (const std::string& topic : group) {
            const std::int32_t count = known(topic).value_or(0);
            const auto internal = internal_.find(topic);
            auto& fixed = internal == internal_.end() ? external : enforced;
            if (internal == internal_.end() || internal->second > 0) {
                if (fixed && *fixed != count) {
                    refuse(first, *fixed, topic, count);
                }
                fixed = count;
                first = topic;
            }
            largest = std::max(largest, count);
        }
        return external ? *external : enforced ? *enforced : largest;
    }

    bool enforce_copartitioning() {
        bool changed = false;
        for (const auto& group : application_.copartition_groups) {
            const std::int32_t wanted = common_count(group);
            for (const std::string& topic : group) {
                const auto internal = internal_.find(topic);
                if (internal == internal_.end()) {
                    continue;
                }
                if (internal->second > 0 && internal->second != wanted) {
                    refuse(topic, internal->second, "its co-partitioned topics", wanted);
                }
                changed = changed || counts_[topic] != wanted;
                counts_[topic] = wanted;
            }
        }
        return changed;
    }

    [[noreturn]] static void refuse(const std::string& one, std::int32_t one_count,
                                    const std::string& other, std::int32_t other_count) {
        throw TopologyError("topics to be joined must have the same number of partitions: " + one +
                            " has " + std::to_string(one_count) + ", " + other + " has " +
                            std::to_string(other_count) + "; repartition() one of them");
    }

    const ApplicationTopology& application_;
    const Counts& existing_;
    Counts internal_;  // Repartition topics and the count that the user set; 0: none.
    Counts counts_;    // Repartition topics whose count is known.
};

}  // namespace

PartitionPlan plan_partitions(const ApplicationTopology& application,
                              const std::map<std::string, std::int32_t>& existing) {
    return Planner(application, existing).plan();
}

}  // namespace millrace::topology
