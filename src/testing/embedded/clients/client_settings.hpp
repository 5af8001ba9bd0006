// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"

#include <cstdint>
#include <string>

namespace millrace::testing::embedded {

/// The setting's text, or `fallback` if it is not set.
std::string text_setting(const kafka::ClientSettings& settings, const std::string& name,
                         const std::string& fallback = {});

/// The setting's number. Throws ConfigError if it is invalid or out of range.
std::int64_t number_setting(const kafka::ClientSettings& settings, const std::string& name,
                            std::int64_t fallback, std::int64_t least, std::int64_t most);

/// isolation.level; default read_committed. Throws ConfigError.
kafka::Isolation isolation_setting(const kafka::ClientSettings& settings);

/// client.id; default "rdkafka", as in librdkafka.
std::string client_id_setting(const kafka::ClientSettings& settings);

}  // namespace millrace::testing::embedded
