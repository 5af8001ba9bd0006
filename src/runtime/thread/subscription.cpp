// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/subscription.hpp"

#include <set>
#include <string>

namespace millrace::runtime {

namespace {

/// Topic names contain no other character with a meaning in an expression.
std::string escaped(const std::string& topic) {
    std::string text;
    for (const char character : topic) {
        text += character == '.' ? std::string("\\.") : std::string(1, character);
    }
    return text;
}

}  // namespace

kafka::Subscription subscription_of(const topology::ApplicationTopology& application) {
    std::set<std::string> topics;
    std::set<std::string> patterns;
    for (const auto& part : application.sub_topologies) {
        topics.insert(part.source_topics.begin(), part.source_topics.end());
        patterns.insert(part.source_patterns.begin(), part.source_patterns.end());
    }
    kafka::Subscription subscription;
    if (patterns.empty()) {
        subscription.topics.assign(topics.begin(), topics.end());
        return subscription;
    }
    for (const std::string& topic : topics) {
        patterns.insert(escaped(topic));
    }
    for (const std::string& pattern : patterns) {
        subscription.pattern += (subscription.pattern.empty() ? "(" : "|(") + pattern + ")";
    }
    return subscription;
}

}  // namespace millrace::runtime
