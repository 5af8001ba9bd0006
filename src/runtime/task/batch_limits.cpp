// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/batch_limits.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::runtime {

namespace {

/// The pause after a request without response.
constexpr std::chrono::seconds kQuiet{30};

constexpr const char* kConsequence =
    ": batch.size is not lowered. If a topic refuses a batch as too large, the thread restarts "
    "from the last commit and sends smaller batches. To avoid this, set producer.batch.size to the "
    "smallest max.message.bytes";

}  // namespace

std::vector<std::string> BatchLimits::unknown(std::span<const std::string> topics) const {
    std::vector<std::string> result;
    const MutexLock lock(mutex_);
    if (!quiet_until_ || clock_.monotonic() >= *quiet_until_) {
        std::copy_if(topics.begin(), topics.end(), std::back_inserter(result),
                     [this](const std::string& topic)
                         MILLRACE_REQUIRES(mutex_) { return !known_.contains(topic); });
    }
    return result;
}

std::optional<std::int64_t> BatchLimits::smallest(std::span<const std::string> topics) {
    if (const auto to_ask = unknown(topics); !to_ask.empty()) {
        ask(to_ask);
    }
    std::optional<std::int64_t> smallest;
    const MutexLock lock(mutex_);
    for (const std::string& topic : topics) {
        const auto found = known_.find(topic);
        if (found != known_.end() && found->second) {
            smallest = std::min(smallest.value_or(*found->second), *found->second);
        }
    }
    return smallest;
}

std::optional<std::int64_t> BatchLimits::present(const std::string& topic) {
    {
        const MutexLock lock(mutex_);
        if (const auto found = known_.find(topic); found != known_.end()) {
            if (!found->second) {
                return std::nullopt;
            }
            known_.erase(found);
        }
    }
    ask({topic});
    const MutexLock lock(mutex_);
    const auto found = known_.find(topic);
    return found == known_.end() ? std::nullopt : found->second;
}

void BatchLimits::ask(const std::vector<std::string>& topics) {
    const auto limits = admin_.largest_batches(topics, timeout_);
    const MutexLock lock(mutex_);
    if (!limits.ok()) {
        quiet_until_ = clock_.monotonic() + kQuiet;
        log::warn(limits.status().message() + kConsequence);
        return;
    }
    for (std::size_t i = 0; i < topics.size(); ++i) {
        const auto& limit = limits.value().at(i);
        if (limit.ok()) {
            known_[topics[i]] = limit.value();
        } else if (limit.status().code() != kafka::ErrorCode::kUnknownTopic) {
            on_refused(topics[i], limit.status());
        }
    }
}

void BatchLimits::on_refused(const std::string& topic, const kafka::Status& status) {
    if (status.retriable()) {
        return;
    }
    known_[topic] = std::nullopt;
    if (!std::exchange(warned_, true)) {
        log::warn(status.message() + kConsequence + ", or allow DescribeConfigs on the topics");
    }
}

std::vector<std::string> topics_written(const topology::ApplicationTopology& application,
                                        const std::string& dead_letter_topic) {
    std::set<std::string> names;
    for (const auto& part : application.sub_topologies) {
        names.insert(part.sink_topics.begin(), part.sink_topics.end());
        for (const auto& [name, topic] : part.repartition_source_topics) {
            names.insert(topic.name);
        }
        for (const auto& [store, topic] : part.changelogs) {
            names.insert(topic.name);
        }
    }
    if (!dead_letter_topic.empty()) {
        names.insert(dead_letter_topic);
    }
    return {names.begin(), names.end()};
}

}  // namespace millrace::runtime
