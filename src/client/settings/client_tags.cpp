// SPDX-License-Identifier: Apache-2.0
#include "client/settings/client_tags.hpp"

#include <algorithm>

namespace millrace::client {

namespace {

constexpr std::string_view kPrefix = "client.tag.";

// The limits of Kafka Streams.
constexpr std::size_t kMaxTags = 5;
constexpr std::size_t kMaxKey = 20;
constexpr std::size_t kMaxValue = 30;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    return first == std::string_view::npos
               ? std::string_view()
               : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::optional<std::vector<std::string>> rack_tags(std::string_view value) {
    std::vector<std::string> tags;
    bool more = !trimmed(value).empty();
    while (more) {
        const auto comma = value.find(',');
        std::string tag(trimmed(value.substr(0, comma)));
        if (tag.empty() || std::find(tags.begin(), tags.end(), tag) != tags.end()) {
            return std::nullopt;
        }
        tags.push_back(std::move(tag));
        more = comma != std::string_view::npos;
        value.remove_prefix(more ? comma + 1 : value.size());
    }
    return tags.size() > kMaxTags ? std::nullopt : std::optional(std::move(tags));
}

std::map<std::string, std::string> client_tags(const StreamsConfig& config) {
    std::map<std::string, std::string> tags;
    for (const auto& [name, value] : config.others) {
        if (name.starts_with(kPrefix)) {
            tags.emplace(name.substr(kPrefix.size()), value);
        }
    }
    return tags;
}

std::optional<std::string> problem_of_tag(std::string_view name, std::string_view value) {
    if (!name.starts_with(kPrefix)) {
        return std::nullopt;
    }
    const std::size_t key = name.size() - kPrefix.size();
    if (key == 0 || key > kMaxKey) {
        return std::string(name) + ": the name after client.tag. must have 1 to " +
               std::to_string(kMaxKey) + " characters";
    }
    if (value.size() > kMaxValue) {
        return std::string(name) + " = \"" + std::string(value) + "\": must have at most " +
               std::to_string(kMaxValue) + " characters";
    }
    return std::nullopt;
}

std::vector<std::string> problems_of_tags(const StreamsConfig& config) {
    std::vector<std::string> problems;
    const auto tags = client_tags(config);
    if (tags.size() > kMaxTags) {
        problems.push_back("client.tag.: an instance has at most " + std::to_string(kMaxTags) +
                           " tags, not " + std::to_string(tags.size()));
    }
    for (const std::string& tag :
         rack_tags(config.rack_aware_assignment_tags).value_or(std::vector<std::string>{})) {
        if (!tags.contains(tag)) {
            problems.push_back(
                "rack.aware.assignment.tags = \"" + config.rack_aware_assignment_tags +
                "\": this instance has no such tag: set " + std::string(kPrefix) + tag);
        }
    }
    return problems;
}

}  // namespace millrace::client
