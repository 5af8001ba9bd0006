// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_config.hpp"

#include "core/log.hpp"
#include "kafka/rdkafka/redaction.hpp"
#include "millrace/core/error.hpp"

#include <string>

namespace millrace::kafka {
namespace {

constexpr std::size_t kErrorTextSize = 512;

// Syslog levels.
constexpr int kSyslogError = 3;
constexpr int kSyslogWarning = 4;
constexpr int kSyslogInfo = 6;

void forward_log(const rd_kafka_t* client, int level, const char* facility,
                 const char* text) noexcept {
    try {
        std::string line = "kafka client ";
        line += client != nullptr ? rd_kafka_name(client) : "(none)";
        line += ": ";
        line += text;
        line += " [";
        line += facility;
        line += ']';
        if (level <= kSyslogError) {
            log::error(line);
        } else if (level == kSyslogWarning) {
            log::warn(line);
        } else if (level <= kSyslogInfo) {
            log::info(line);
        } else {
            log::debug(line);
        }
    } catch (...) {
        // Out of memory for a log line: drop the line.
    }
}

/// Statistics are emitted only if the user sets statistics.interval.ms.
int log_statistics(rd_kafka_t* client, char* json, std::size_t size, void*) noexcept {
    try {
        log::debug(std::string("kafka client ") + rd_kafka_name(client) + ": statistics " +
                   std::string(json, size));
    } catch (...) {
        // As above.
    }
    return 0;  // librdkafka frees the text.
}

void set(rd_kafka_conf_t& config, const std::string& name, const std::string& value) {
    char text[kErrorTextSize] = "";
    switch (rd_kafka_conf_set(&config, name.c_str(), value.c_str(), text, sizeof text)) {
        case RD_KAFKA_CONF_OK:
            return;
        case RD_KAFKA_CONF_UNKNOWN:
            // A misspelt name may belong to a secret: the value is not part of the message.
            throw ConfigError("unknown setting of the Kafka client: " + name);
        case RD_KAFKA_CONF_INVALID:
            break;
    }
    if (is_secret(name)) {
        // librdkafka's own text contains the value.
        throw ConfigError("setting of the Kafka client refused: " + name + " = [hidden]");
    }
    throw ConfigError("setting of the Kafka client refused: " + name + " = " + value + ": " + text);
}

}  // namespace

ClientSettings merged(const OwnSettings& own, const ClientSettings& settings) {
    ClientSettings all = settings;
    all.insert(own.defaults.begin(), own.defaults.end());
    for (const auto& [name, value] : own.fixed) {
        const auto [given, is_new] = all.emplace(name, value);
        if (!is_new && given->second != value) {
            throw ConfigError("setting of the Kafka client refused: " + name + " = " +
                              given->second + ": Millrace relies on " + value);
        }
    }
    return all;
}

RdConfig make_config(const ClientSettings& settings) {
    RdConfig config(rd_kafka_conf_new());
    rd_kafka_conf_set_log_cb(config.get(), forward_log);
    rd_kafka_conf_set_stats_cb(config.get(), log_statistics);
    for (const auto& [name, value] : settings) {
        set(*config, name, value);
    }
    return config;
}

RdClient make_client(rd_kafka_type_t type, RdConfig config, void* callbacks) {
    rd_kafka_conf_set_opaque(config.get(), callbacks);
    char text[kErrorTextSize] = "";
    RdClient client(rd_kafka_new(type, config.get(), text, sizeof text));
    if (client == nullptr) {
        throw ConfigError(std::string("settings of the Kafka client refused: ") + text);
    }
    (void)config.release();  // The client owns it now.
    return client;
}

}  // namespace millrace::kafka
