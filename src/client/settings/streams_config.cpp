// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/streams_config.hpp"

#include "client/settings/client_settings.hpp"
#include "client/settings/client_tags.hpp"
#include "client/settings/foreign_settings.hpp"
#include "client/settings/java_security.hpp"
#include "client/settings/settings_table.hpp"
#include "core/topic_name.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>
#include <utility>

namespace millrace {

namespace {

using client::Setting;

/// What is appended to group.instance.id has at most that length.
constexpr const char* kLongestThreadSuffix = "-99999";

/// Edit distance: how many characters must be changed, added or removed to get from one name to the
/// other.
std::size_t distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

/// The setting with the most similar name. Empty if the names differ in more than a third.
std::string nearest_setting(std::string_view name) {
    std::vector<std::string_view> names = client::client_setting_names();
    for (const Setting& setting : client::settings()) {
        names.push_back(setting.name);
    }
    std::string_view nearest;
    std::size_t least = name.size() / 3 + 1;
    for (const std::string_view each : names) {
        // The distance is at least the difference in length: a file may have names of any length.
        if (each.size() < name.size() + least && name.size() < each.size() + least) {
            if (const std::size_t changes = distance(each, name); changes < least) {
                nearest = each;
                least = changes;
            }
        }
    }
    return std::string(nearest);
}

/// True for settings without their own field.
bool is_other_setting(std::string_view name) {
    return client::has_known_prefix(name) || client::is_client_setting(name) ||
           client::is_internal_setting(name) || client::has_some_values(name) ||
           client::reason_without_effect(name);
}

std::string unknown_setting(std::string_view name) {
    const std::string nearest = nearest_setting(name);
    return std::string(name) + ": unknown setting; " +
           (nearest.empty() ? "" : "did you mean " + nearest + "? ") +
           "names of the application's own settings start with app., those of other settings of "
           "the Kafka clients with consumer., producer. or admin.";
}

/// Checked here because librdkafka's errors name other settings. Empty if `value` is valid.
std::optional<std::string> problem_of_timeout(std::string_view name, std::string_view value) {
    if (client::without_client_prefix(name) != "request.timeout.ms") {
        return std::nullopt;
    }
    constexpr int kLeast = 10;
    constexpr int kMost = 300'000;
    int number = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc() && stop == value.data() + value.size() && number >= kLeast &&
        number <= kMost) {
        return std::nullopt;
    }
    return std::string(name) + " = \"" + std::string(value) + "\": must be an integer from " +
           std::to_string(kLeast) + " to " + std::to_string(kMost) + " (milliseconds)";
}

/// Kafka's consumers refuse such settings, librdkafka does not: the group would remove the member
/// between two of its heartbeats, again and again.
std::optional<std::string> problem_of_heartbeats(const StreamsConfig& config) {
    const auto settings = client::client_settings(config, client::Role::kMainConsumer, "");
    const auto heartbeat = settings.find("heartbeat.interval.ms");
    if (heartbeat == settings.end()) {
        return std::nullopt;
    }
    const auto session = settings.find("session.timeout.ms");
    const std::string timeout = session == settings.end() ? "45000" : session->second;
    const auto number = [](const std::string& text) {
        int value = 0;  // The consumer refuses text that is no number.
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    if (number(heartbeat->second) < number(timeout)) {
        return std::nullopt;
    }
    return "heartbeat.interval.ms = \"" + heartbeat->second +
           "\": must be less than session.timeout.ms, which is " + timeout +
           "; at most a third of it is recommended";
}

/// Why `name`, which has no field, cannot have `value`. Empty if it can.
std::optional<std::string> problem_of_other(std::string_view name, std::string_view value) {
    if (const auto reason = client::reason_without_place(name)) {
        return std::string(name) +
               ": a setting of Kafka Streams that Millrace does not have: " + *reason;
    }
    if (!is_other_setting(name)) {
        return unknown_setting(name);
    }
    if (const auto reason = client::reason_java_only(client::without_client_prefix(name), value)) {
        return std::string(name) + ": cannot be used: " + *reason;
    }
    if (const auto problem = client::problem_of_tag(name, value)) {
        return problem;
    }
    if (client::without_client_prefix(name) == "group.instance.id" &&
        (value.empty() || !is_topic_name(std::string(value) + kLongestThreadSuffix))) {
        return std::string(name) + " = \"" + std::string(value) +
               "\": must be 1 to 243 letters, digits, '.', '_' and '-', different for each "
               "instance";
    }
    if (auto problem = problem_of_timeout(name, value)) {
        return problem;
    }
    if (const auto reason = client::reason_not_accepted(name, value)) {
        return std::string(name) + " = \"" + client::shown(name, value) + "\": " + *reason;
    }
    return std::nullopt;
}

/// Trimmed, as Kafka does for all values except the application's own.
std::string_view trimmed(std::string_view name, std::string_view value) {
    constexpr std::string_view kBlanks = " \t\n\v\f\r";
    const auto first = value.find_first_not_of(kBlanks);
    if (name.starts_with("app.")) {
        return value;
    }
    return first == std::string_view::npos
               ? std::string_view()
               : value.substr(first, value.find_last_not_of(kBlanks) - first + 1);
}

/// Sets `name` to `value`. Returns the error, or nothing on success.
std::optional<std::string> try_set(StreamsConfig& config, std::string_view name,
                                   std::string_view given) {
    const std::string_view value = trimmed(name, given);
    if (const Setting* setting = client::find_setting(name)) {
        if (setting->read(config, value)) {
            return std::nullopt;
        }
        return setting->name + " = \"" + client::shown(name, value) + "\": must be " +
               setting->accepts;
    }
    if (auto problem = problem_of_other(name, value)) {
        return problem;
    }
    config.others[std::string(name)] = std::string(value);
    return std::nullopt;
}

[[noreturn]] void refuse(const std::vector<std::string>& problems) {
    std::string message = problems.size() == 1 ? "bad setting: " : "bad settings:";
    for (const std::string& problem : problems) {
        message += problems.size() == 1 ? problem : "\n  " + problem;
    }
    throw ConfigError(message);
}

}  // namespace

StreamsConfig& StreamsConfig::set(std::string_view name, std::string_view value) {
    if (const auto problem = try_set(*this, name, value)) {
        refuse({*problem});
    }
    return *this;
}

StreamsConfig& StreamsConfig::set_all(const std::map<std::string, std::string>& settings) {
    std::vector<std::string> problems;
    for (const auto& [name, value] : settings) {
        if (auto problem = try_set(*this, name, value)) {
            problems.push_back(std::move(*problem));
        }
    }
    if (!problems.empty()) {
        refuse(problems);
    }
    return *this;
}

std::string StreamsConfig::get(std::string_view name) const {
    if (const Setting* setting = client::find_setting(name)) {
        return setting->write(*this);
    }
    const auto found = others.find(std::string(name));
    return found == others.end() ? std::string() : found->second;
}

std::chrono::milliseconds StreamsConfig::effective_commit_interval() const {
    constexpr std::chrono::milliseconds kAtLeastOnceInterval{30'000};
    constexpr std::chrono::milliseconds kExactlyOnceInterval{100};
    return commit_interval.value_or(processing_guarantee == ProcessingGuarantee::kAtLeastOnce
                                        ? kAtLeastOnceInterval
                                        : kExactlyOnceInterval);
}

void StreamsConfig::validate() const {
    std::vector<std::string> problems;
    for (const Setting& setting : client::settings()) {
        if (!setting.valid(*this)) {
            problems.push_back(setting.name + " = \"" +
                               client::shown(setting.name, setting.write(*this)) + "\": must be " +
                               setting.accepts);
        }
    }
    for (const auto& [name, value] : others) {
        if (auto problem = problem_of_other(name, value)) {
            problems.push_back(std::move(*problem));
        }
    }
    for (std::string& problem : client::problems_of_tags(*this)) {
        problems.push_back(std::move(problem));
    }
    if (problems.empty()) {
        if (auto problem = problem_of_heartbeats(*this)) {
            problems.push_back(std::move(*problem));
        }
    }
    if (!problems.empty()) {
        refuse(problems);
    }
}

std::string StreamsConfig::to_string() const {
    std::string text;
    for (const Setting& setting : client::settings()) {
        text += setting.name + " = " + client::shown(setting.name, setting.write(*this)) + "\n";
    }
    for (const auto& [name, value] : others) {
        text += name + " = " + client::shown(name, value) + "\n";
    }
    return text;
}

}  // namespace millrace
