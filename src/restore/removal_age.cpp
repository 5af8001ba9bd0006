// SPDX-License-Identifier: Apache-2.0
#include "restore/removal_age.hpp"

#include "core/log.hpp"

#include <set>
#include <string>
#include <vector>

namespace millrace::restore {
namespace {

using Kept = kafka::Result<std::optional<std::chrono::milliseconds>>;

constexpr std::chrono::minutes kRemembered{5};

// Kafka's default, for topics that the principal is not authorized to describe.
constexpr std::chrono::hours kDefault{24};

bool may_answer_later(const kafka::Status& status) {
    return status.retriable() || status.code() == kafka::ErrorCode::kTimedOut ||
           status.code() == kafka::ErrorCode::kUnknownTopic;
}

void warn(const kafka::Status& status) {
    log::warn(status.message() +
              ": assuming 24 h, Kafka's default. If the actual value is smaller, a store that was "
              "offline for longer may keep deleted rows; to avoid this, allow DescribeConfigs on "
              "the topic");
}

}  // namespace

kafka::Status RemovalAge::look_up(std::span<const TopicPartition> partitions) {
    const std::chrono::nanoseconds now = clock_.monotonic();
    std::set<std::string> topics;
    for (const TopicPartition& partition : partitions) {
        const auto found = known_.find(partition.topic);
        if (found == known_.end() || now - found->second.asked_at >= kRemembered) {
            topics.insert(partition.topic);
        }
    }
    const std::vector<std::string> unknown(topics.begin(), topics.end());
    if (unknown.empty()) {
        return {};
    }
    const auto answers = admin_.removals_kept_for(unknown, timeout_);
    if (!answers.ok() && may_answer_later(answers.status())) {
        return answers.status();
    }
    for (std::size_t i = 0; i < unknown.size(); ++i) {
        const auto answer = answers.ok() ? answers.value().at(i) : Kept(answers.status());
        if (!answer.ok() && may_answer_later(answer.status())) {
            return answer.status();
        }
        if (!answer.ok()) {
            warn(answer.status());
        }
        known_[unknown[i]] = {
            answer.ok() ? answer.value() : std::optional<std::chrono::milliseconds>(kDefault), now};
    }
    return {};
}

std::optional<std::chrono::milliseconds> RemovalAge::of(const std::string& topic) const {
    return known_.at(topic).kept;
}

std::optional<std::string> RemovalAge::why_too_old(const std::string& topic,
                                                   std::optional<Timestamp> current_at) const {
    const auto kept = of(topic);
    if (!kept) {
        return std::nullopt;
    }
    if (!current_at) {
        return "it was never known to be complete, and tombstones may have been deleted from "
               "topic " +
               topic;
    }
    // Also if the clock was set back by more: the age is unknown then.
    const auto age = std::chrono::abs(clock_.now() - *current_at);
    if (age <= *kept) {
        return std::nullopt;
    }
    return "tombstones since it was last complete may have been deleted from the topic: that was " +
           std::to_string(age.count()) + " ms ago, and delete.retention.ms of topic " + topic +
           " is " + std::to_string(kept->count());
}

}  // namespace millrace::restore
