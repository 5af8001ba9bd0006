// SPDX-License-Identifier: Apache-2.0
// Configuration files.
#include "client/settings/properties.hpp"
#include "client/settings/client_settings.hpp"
#include "fuzz.hpp"
#include "targets.hpp"

#include "millrace/client/streams_config.hpp"
#include "millrace/core/error.hpp"

#include <map>
#include <optional>
#include <string>

namespace millrace::fuzz {
namespace {

Bytes escaped(const std::string& text) {
    Bytes out;
    for (const char each : text) {
        switch (each) {
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            default:
                if (std::string_view(" \t\f\\=:#!").find(each) != std::string_view::npos) {
                    out += '\\';
                }
                out += each == '\t' ? 't' : each == '\f' ? 'f' : each;
        }
    }
    return out;
}

void check_file(BytesView text) {
    std::map<std::string, std::string> read;
    if (!accepts<ConfigError>([&] { read = client::parse_properties(text); })) {
        return;
    }
    Bytes written;
    for (const auto& [name, value] : read) {
        written.append(escaped(name)).append("=").append(escaped(value)).append("\n");
    }
    expect(client::parse_properties(written) == read, "settings are read as written");
}

void check_clients(const StreamsConfig& config) {
    using client::Role;
    for (const Role role : {Role::kMainConsumer, Role::kRestoreConsumer, Role::kGlobalConsumer,
                            Role::kProducer, Role::kAdmin}) {
        client::client_settings(config, role, "client");
        accepts<ConfigError>([&] { client::request_timeout(config, role); });
        accepts<ConfigError>([&] { client::metadata_max_age(config, role); });
    }
    client::topic_settings(config);
    accepts<ConfigError>([&] { client::default_offset_reset(config); });
}

void check_config(BytesView text) {
    std::optional<StreamsConfig> config;
    if (!accepts<ConfigError>([&] { config = StreamsConfig::from_properties(text); })) {
        return;
    }
    accepts<ConfigError>([&] { config->validate(); });
    config->to_string();
    check_clients(*config);
}

void check_argument(const Bytes& text) {
    const char* const arguments[] = {"program", "--config", text.c_str()};
    StreamsConfig config;
    accepts<ConfigError>([&] { config.apply_arguments(3, arguments); });
}

}  // namespace

void properties(BytesView input) {
    check_file(input);
    check_config(input);
    check_argument(Bytes(input));
}

}  // namespace millrace::fuzz
