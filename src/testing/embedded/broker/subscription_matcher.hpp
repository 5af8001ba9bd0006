// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/topic_matcher.hpp"
#include "kafka/consumer.hpp"
#include "kafka/group.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// Selects the topics of a subscription. Immutable.
class SubscriptionMatcher {
  public:
    SubscriptionMatcher() = default;

    /// Throws TopologyError if the pattern is invalid.
    explicit SubscriptionMatcher(const kafka::Subscription& subscription)
        : names_(subscription.topics) {
        if (!subscription.pattern.empty()) {
            pattern_.emplace(subscription.pattern);
        }
        std::sort(names_.begin(), names_.end());
        names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    }

    /// The existing topics, sorted.
    std::vector<std::string> resolve(const kafka::PartitionCounts& topics) const {
        std::vector<std::string> resolved;
        for (const auto& [name, partitions] : topics) {
            if (matches(name)) {
                resolved.push_back(name);
            }
        }
        return resolved;
    }

    /// Subscribed topic names that do not exist.
    std::vector<std::string> missing(const kafka::PartitionCounts& topics) const {
        std::vector<std::string> missing;
        if (!pattern_) {
            std::copy_if(names_.begin(), names_.end(), std::back_inserter(missing),
                         [&](const std::string& name) { return !topics.contains(name); });
        }
        return missing;
    }

  private:
    bool matches(const std::string& name) const {
        return pattern_ ? pattern_->matches(name)
                        : std::binary_search(names_.begin(), names_.end(), name);
    }

    std::vector<std::string> names_;
    std::optional<TopicMatcher> pattern_;
};

}  // namespace millrace::testing::embedded
