// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/client_settings.hpp"

#include "millrace/core/error.hpp"

#include <charconv>

namespace millrace::testing::embedded {

std::string text_setting(const kafka::ClientSettings& settings, const std::string& name,
                         const std::string& fallback) {
    const auto found = settings.find(name);
    return found == settings.end() ? fallback : found->second;
}

std::int64_t number_setting(const kafka::ClientSettings& settings, const std::string& name,
                            std::int64_t fallback, std::int64_t least, std::int64_t most) {
    const auto found = settings.find(name);
    if (found == settings.end()) {
        return fallback;
    }
    const std::string& text = found->second;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
        throw ConfigError("client setting refused: " + name + "=" + text + ", accepted are " +
                          std::to_string(least) + " to " + std::to_string(most));
    }
    return value;
}

kafka::Isolation isolation_setting(const kafka::ClientSettings& settings) {
    const std::string level = text_setting(settings, "isolation.level", "read_committed");
    if (level == "read_committed") {
        return kafka::Isolation::kReadCommitted;
    }
    if (level == "read_uncommitted") {
        return kafka::Isolation::kReadUncommitted;
    }
    throw ConfigError("client setting refused: isolation.level=" + level +
                      ", accepted are read_committed and read_uncommitted");
}

std::string client_id_setting(const kafka::ClientSettings& settings) {
    return text_setting(settings, "client.id", "rdkafka");
}

}  // namespace millrace::testing::embedded
