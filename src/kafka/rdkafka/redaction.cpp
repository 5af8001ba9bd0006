// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/redaction.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace millrace::kafka {

bool is_secret(std::string_view setting) noexcept {
    // Parts of names instead of whole names, so that settings of later librdkafka versions are
    // covered.
    static constexpr std::array<std::string_view, 8> kParts{
        "password", "passphrase",  "secret",     "token",
        ".pem",     "private.key", "credential", "oauthbearer.config"};
    constexpr auto kSameLetter = [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    };
    return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
        return std::search(setting.begin(), setting.end(), part.begin(), part.end(), kSameLetter) !=
               setting.end();
    });
}

std::string describe_settings(const ClientSettings& settings) {
    std::string text;
    for (const auto& [name, value] : settings) {
        if (!text.empty()) {
            text += ", ";
        }
        text += name;
        text += '=';
        text += is_secret(name) ? "[hidden]" : value;
    }
    return text;
}

}  // namespace millrace::kafka
