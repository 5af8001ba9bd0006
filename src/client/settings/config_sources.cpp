// SPDX-License-Identifier: Apache-2.0
// Reads settings from files, the environment and the command line. No other code does.
#include "client/settings/properties.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>

extern char** environ;  // NOLINT(readability-identifier-naming)

namespace millrace {

namespace {

constexpr std::string_view kVariablePrefix = "MILLRACE_";

/// Variables of the project's build and tests that are not settings.
constexpr std::array<std::string_view, 4> kNotSettings{"LIBRDKAFKA", "UPDATE_GOLDEN", "KAFKA_",
                                                       "TEST_"};

std::string setting_of_variable(std::string_view variable) {
    std::string name;
    for (std::size_t i = 0; i < variable.size(); ++i) {
        if (variable[i] != '_') {
            name += static_cast<char>(std::tolower(static_cast<unsigned char>(variable[i])));
        } else if (i + 1 < variable.size() && variable[i + 1] == '_') {
            name += '_';
            ++i;
        } else {
            name += '.';
        }
    }
    return name;
}

/// "name=value" of the command line, unchanged.
std::map<std::string, std::string> parse_argument(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
        throw ConfigError("bad argument, expected --config name=value: " + std::string(text));
    }
    return {{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))}};
}

std::string read_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        throw ConfigError("cannot read configuration file: " + file);
    }
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

StreamsConfig StreamsConfig::from_properties(std::string_view text) {
    StreamsConfig config;
    config.set_all(client::parse_properties(text));
    return config;
}

StreamsConfig StreamsConfig::from_file(const std::string& file) {
    return from_properties(read_file(file));
}

StreamsConfig& StreamsConfig::apply_environment() {
    std::map<std::string, std::string> settings;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view variable(*entry);
        if (!variable.starts_with(kVariablePrefix)) {
            continue;
        }
        variable.remove_prefix(kVariablePrefix.size());
        const auto equals = variable.find('=');
        if (equals == std::string_view::npos ||
            std::any_of(
                kNotSettings.begin(), kNotSettings.end(),
                [variable](std::string_view other) { return variable.starts_with(other); })) {
            continue;
        }
        settings[setting_of_variable(variable.substr(0, equals))] =
            std::string(variable.substr(equals + 1));
    }
    return set_all(settings);
}

std::vector<std::string> StreamsConfig::apply_arguments(int argc, const char* const* argv) {
    constexpr std::string_view kSetting = "--config";
    constexpr std::string_view kFile = "--config-file";
    std::map<std::string, std::string> settings;
    std::vector<std::string> rest;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument(argv[i]);
        const auto equals = argument.find('=');
        const std::string_view option = argument.substr(0, equals);
        if (option != kSetting && option != kFile) {
            rest.emplace_back(argument);
            continue;
        }
        std::string value;
        if (equals != std::string_view::npos) {
            value = argument.substr(equals + 1);
        } else if (++i < argc) {
            value = argv[i];
        } else {
            throw ConfigError("missing value after " + std::string(option));
        }
        std::map<std::string, std::string> found =
            option == kFile ? client::parse_properties(read_file(value)) : parse_argument(value);
        found.merge(settings);  // Later sources take precedence: earlier ones only fill in missing
                                // settings.
        settings = std::move(found);
    }
    set_all(settings);
    return rest;
}

}  // namespace millrace
