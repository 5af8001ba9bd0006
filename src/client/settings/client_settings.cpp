// SPDX-License-Identifier: Apache-2.0
#include "client/settings/client_settings.hpp"

#include "client/settings/foreign_settings.hpp"
#include "client/settings/java_security.hpp"
#include "client/settings/lower_case.hpp"
#include "client/settings/restore_settings.hpp"
#include "millrace/core/error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::client {

namespace {

constexpr std::chrono::milliseconds kRequestTimeout{10'000};

enum Kinds : unsigned { kConsumers = 1, kProducers = 2, kAdmins = 4, kAll = 7 };

struct ClientName {
    std::string_view name;  ///< The name in the Java clients or in librdkafka.
    std::string_view rdkafka;
    unsigned kinds;
};

constexpr std::array<ClientName, 54> kClientNames{{
    {"security.protocol", "security.protocol", kAll},
    {"client.rack", "client.rack", kConsumers},
    {"client.dns.lookup", "client.dns.lookup", kAll},
    {"connections.max.idle.ms", "connections.max.idle.ms", kAll},
    {"reconnect.backoff.ms", "reconnect.backoff.ms", kAll},
    {"reconnect.backoff.max.ms", "reconnect.backoff.max.ms", kAll},
    {"retry.backoff.ms", "retry.backoff.ms", kProducers},
    {"retry.backoff.max.ms", "retry.backoff.max.ms", kProducers},
    {"metadata.max.age.ms", "topic.metadata.refresh.interval.ms", kAll},
    {"send.buffer.bytes", "socket.send.buffer.bytes", kAll},
    {"receive.buffer.bytes", "socket.receive.buffer.bytes", kAll},
    {"request.timeout.ms", "socket.timeout.ms", kAll},
    {"metadata.recovery.strategy", "metadata.recovery.strategy", kAll},
    {"metadata.recovery.rebootstrap.trigger.ms", "metadata.recovery.rebootstrap.trigger.ms", kAll},
    {"enable.metrics.push", "enable.metrics.push", kAll},
    {"statistics.interval.ms", "statistics.interval.ms", kAll},
    {"debug", "debug", kAll},
    {"log_level", "log_level", kAll},
    {"ssl.truststore.location", "ssl.ca.location", kAll},
    {"ssl.truststore.certificates", "ssl.ca.pem", kAll},
    {"ssl.keystore.certificate.chain", "ssl.certificate.pem", kAll},
    {"ssl.keystore.key", "ssl.key.pem", kAll},
    {"sasl.mechanism", "sasl.mechanisms", kAll},
    {"auto.offset.reset", "auto.offset.reset", kConsumers},
    {"session.timeout.ms", "session.timeout.ms", kConsumers},
    {"heartbeat.interval.ms", "heartbeat.interval.ms", kConsumers},
    {"max.poll.interval.ms", "max.poll.interval.ms", kConsumers},
    {"group.instance.id", "group.instance.id", kConsumers},
    {"isolation.level", "isolation.level", kConsumers},
    {"check.crcs", "check.crcs", kConsumers},
    {"fetch.min.bytes", "fetch.min.bytes", kConsumers},
    {"fetch.max.bytes", "fetch.max.bytes", kConsumers},
    {"fetch.max.wait.ms", "fetch.wait.max.ms", kConsumers},
    {"fetch.wait.max.ms", "fetch.wait.max.ms", kConsumers},
    {"fetch.queue.backoff.ms", "fetch.queue.backoff.ms", kConsumers},
    {"fetch.error.backoff.ms", "fetch.error.backoff.ms", kConsumers},
    {"max.partition.fetch.bytes", "max.partition.fetch.bytes", kConsumers},
    {"queued.min.messages", "queued.min.messages", kConsumers},
    {"queued.max.messages.kbytes", "queued.max.messages.kbytes", kConsumers},
    {"acks", "acks", kProducers},
    {"retries", "retries", kProducers},
    {"batch.size", "batch.size", kProducers},
    {"linger.ms", "linger.ms", kProducers},
    {"buffer.memory", "queue.buffering.max.kbytes", kProducers},
    {"compression.type", "compression.type", kProducers},
    {"delivery.timeout.ms", "delivery.timeout.ms", kProducers},
    {"message.timeout.ms", "message.timeout.ms", kProducers},
    {"enable.idempotence", "enable.idempotence", kProducers},
    {"max.in.flight.requests.per.connection", "max.in.flight.requests.per.connection", kProducers},
    {"max.request.size", "message.max.bytes", kProducers},
    {"message.max.bytes", "message.max.bytes", kProducers},
    {"queue.buffering.max.messages", "queue.buffering.max.messages", kProducers},
    {"queue.buffering.max.kbytes", "queue.buffering.max.kbytes", kProducers},
    {"transaction.timeout.ms", "transaction.timeout.ms", kProducers},
}};

/// Settings with these prefixes are passed to every client unchanged.
constexpr std::array<std::string_view, 8> kFamilies{"ssl.",    "sasl.",        "socket.",
                                                    "broker.", "api.version.", "topic.metadata.",
                                                    "oauth",   "enable.ssl."};

constexpr std::array<std::string_view, 9> kPrefixes{"main.consumer.",   "restore.consumer.",
                                                    "global.consumer.", "consumer.",
                                                    "producer.",        "admin.",
                                                    "topic.",           "app.",
                                                    "client.tag."};

const ClientName* find_client_name(std::string_view name) {
    const auto found = std::find_if(kClientNames.begin(), kClientNames.end(),
                                    [name](const ClientName& entry) { return entry.name == name; });
    return found == kClientNames.end() ? nullptr : &*found;
}

unsigned kind_of(Role role) {
    switch (role) {
        case Role::kProducer:
            return kProducers;
        case Role::kAdmin:
            return kAdmins;
        default:
            return kConsumers;
    }
}

/// Prefixes that apply to `role`, from general to specific.
std::vector<std::string_view> prefixes_of(Role role) {
    switch (role) {
        case Role::kMainConsumer:
            return {"consumer.", "main.consumer."};
        case Role::kRestoreConsumer:
            return {"consumer.", "restore.consumer."};
        case Role::kGlobalConsumer:
            return {"consumer.", "global.consumer."};
        case Role::kProducer:
            return {"producer."};
        case Role::kAdmin:
            return {"admin."};
    }
    return {};
}

/// The value of `key` in a JAAS login line: username="alice" password="secret".
std::optional<std::string> jaas_value(const std::string& line, const std::string& key) {
    const auto begin = line.find(key + "=\"");
    if (begin == std::string::npos) {
        return std::nullopt;
    }
    const auto first = begin + key.size() + 2;
    const auto last = line.find('"', first);
    return last == std::string::npos ? std::nullopt
                                     : std::optional(line.substr(first, last - first));
}

/// The value in librdkafka's form. librdkafka refuses values that cannot be converted.
std::string converted(const std::string& name, const std::string& value) {
    if (name == "isolation.level") {
        return lower_case(value);
    }
    if (name == "ssl.endpoint.identification.algorithm" && value.empty()) {
        return "none";  // An empty value in Java.
    }
    constexpr unsigned long long kLongestRefresh = 3'600'000;
    unsigned long long number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) {
        return value;
    }
    if (name == "buffer.memory") {  // Bytes in Java, kilobytes in librdkafka.
        return std::to_string(std::max(1ULL, number / 1024));
    }
    if (name == "metadata.max.age.ms") {
        return std::to_string(std::min(number, kLongestRefresh));
    }
    return value;
}

void put(kafka::ClientSettings& settings, const std::string& name, const std::string& value) {
    if (name == "sasl.jaas.config") {
        for (const auto* key : {"username", "password"}) {
            if (const auto found = jaas_value(value, key)) {
                settings[std::string("sasl.") + key] = *found;
            }
        }
        return;
    }
    if (is_implied_by_librdkafka(name)) {
        return;
    }
    const ClientName* known = find_client_name(name);
    if (known == nullptr) {
        settings[name] = converted(name, value);
        return;
    }
    settings[std::string(known->rdkafka)] = converted(name, value);
}

/// Together they limit the memory of a consumer, which reads a limited number of changelogs.
void limit_fetches(kafka::ClientSettings& settings, const RestoreBuffer& buffer) {
    settings["fetch.message.max.bytes"] = std::to_string(buffer.fetch_bytes);
    settings["fetch.max.bytes"] = std::to_string(buffer.changelogs * buffer.fetch_bytes);
    settings["queued.max.messages.kbytes"] = std::to_string(buffer.fetch_bytes / 1024);
}

kafka::ClientSettings defaults(const StreamsConfig& config, Role role) {
    kafka::ClientSettings settings{{"enable.metrics.push", "false"},
                                   {"socket.nagle.disable", "true"}};
    switch (role) {
        case Role::kMainConsumer:
            settings["fetch.wait.max.ms"] = "100";
            settings["fetch.queue.backoff.ms"] = "10";
            settings["fetch.error.backoff.ms"] = "100";
            break;
        case Role::kRestoreConsumer:
        case Role::kGlobalConsumer:
            settings["fetch.wait.max.ms"] = "50";
            settings["fetch.queue.backoff.ms"] = "5";
            settings["fetch.error.backoff.ms"] = "100";
            settings["fetch.message.max.bytes"] = "4194304";
            if (role == Role::kRestoreConsumer) {
                limit_fetches(settings, restore_buffer(config));
            }
            break;
        case Role::kProducer:
            settings["linger.ms"] = "100";
            settings["queue.buffering.max.messages"] = "1000000";
            settings["message.max.bytes"] = "1048576";  // The default of Kafka's producer.
            break;
        case Role::kAdmin:
            break;
    }
    return settings;
}

/// The settings of all consumers that Millrace fixes. foreign_settings.cpp has the reasons.
void fix_consumer(kafka::ClientSettings& settings, const StreamsConfig& config, Role role) {
    settings["group.id"] = config.application_id;
    if (role != Role::kMainConsumer) {
        // librdkafka requires a group even if the consumer does not join one.
        settings["group.id"] += "-restore";
        settings.erase("group.instance.id");
    }
    settings["enable.auto.commit"] = "false";
    settings["enable.auto.offset.store"] = "false";
    settings["allow.auto.create.topics"] = "false";
    settings["auto.offset.reset"] = "error";  // Millrace decides: default_offset_reset.
    if (config.processing_guarantee == ProcessingGuarantee::kExactlyOnceV2) {
        settings["isolation.level"] = "read_committed";
    } else {
        // The default of Kafka's consumer. librdkafka's is read_committed.
        settings.try_emplace("isolation.level", "read_uncommitted");
    }
}

/// How long librdkafka waits for a response that has been lost, unless request.timeout.ms is set:
/// by default a minute, for which also the end of a client would wait.
void limit_waits(kafka::ClientSettings& settings) {
    constexpr std::chrono::milliseconds kMoreThanFetches{1'000};  // librdkafka requires that.
    const auto fetch_wait = settings.find("fetch.wait.max.ms");
    std::int32_t longest_fetch = 0;
    if (fetch_wait != settings.end()) {
        const std::string& text = fetch_wait->second;
        std::from_chars(text.data(), text.data() + text.size(), longest_fetch);
    }
    const auto wait =
        std::max(kRequestTimeout, std::chrono::milliseconds{longest_fetch} + kMoreThanFetches);
    settings.try_emplace("socket.timeout.ms", std::to_string(wait.count()));
}

}  // namespace

kafka::ClientSettings client_settings(const StreamsConfig& config, Role role,
                                      const std::string& client_id) {
    kafka::ClientSettings settings = defaults(config, role);
    const unsigned kind = kind_of(role);
    for (const auto& [name, value] : config.others) {
        if (!has_known_prefix(name) && is_client_setting(name) && !reason_without_effect(name)) {
            const ClientName* known = find_client_name(name);
            if (known == nullptr || (known->kinds & kind) != 0) {
                put(settings, name, value);
            }
        }
    }
    for (const std::string_view prefix : prefixes_of(role)) {
        for (const auto& [name, value] : config.others) {
            if (name.starts_with(prefix) && !reason_without_effect(name)) {
                put(settings, name.substr(prefix.size()), value);
            }
        }
    }
    if (kind == kConsumers) {
        fix_consumer(settings, config, role);
    }
    if (!config.bootstrap_servers.empty()) {
        settings.try_emplace("bootstrap.servers", config.bootstrap_servers);
    }
    settings["client.id"] = client_id;
    limit_waits(settings);
    return settings;
}

namespace {

[[noreturn]] void refuse_duration(const std::string& name, const std::string& value) {
    throw ConfigError("bad setting: " + name + " = \"" + value +
                      "\": must be an integer from 1 to 2147483647 (milliseconds)");
}

std::chrono::milliseconds duration_of(const StreamsConfig& config, Role role,
                                      const std::string& name,
                                      std::chrono::milliseconds otherwise) {
    std::vector<std::string_view> prefixes = prefixes_of(role);
    prefixes.insert(prefixes.begin(), "");
    std::chrono::milliseconds result = otherwise;
    for (const std::string_view prefix : prefixes) {
        const std::string full = std::string(prefix) + name;
        const auto found = config.others.find(full);
        if (found == config.others.end()) {
            continue;
        }
        const std::string& text = found->second;
        const char* end = text.data() + text.size();
        std::int32_t value = 0;
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc() || stop != end || value < 1) {
            refuse_duration(full, text);
        }
        result = std::chrono::milliseconds{value};
    }
    return result;
}

}  // namespace

bool keeps_headers(const StreamsConfig& config) {
    return config.dsl_store_format == "headers";
}

std::chrono::milliseconds request_timeout(const StreamsConfig& config, Role role) {
    return duration_of(config, role, "request.timeout.ms", kRequestTimeout);
}

std::chrono::milliseconds metadata_max_age(const StreamsConfig& config, Role role) {
    constexpr std::chrono::milliseconds kDefault{300'000};
    return duration_of(config, role, "metadata.max.age.ms", kDefault);
}

std::map<std::string, std::string> topic_settings(const StreamsConfig& config) {
    constexpr std::string_view kPrefix = "topic.";
    std::map<std::string, std::string> settings;
    for (const auto& [name, value] : config.others) {
        if (name.starts_with(kPrefix) && has_known_prefix(name)) {
            settings[name.substr(kPrefix.size())] = value;
        }
    }
    return settings;
}

OffsetReset default_offset_reset(const StreamsConfig& config) {
    std::string value = "earliest";
    for (const char* prefix : {"", "consumer.", "main.consumer."}) {
        const auto found = config.others.find(std::string(prefix) + "auto.offset.reset");
        if (found != config.others.end()) {
            value = found->second;
        }
    }
    if (value == "earliest") {
        return OffsetReset::kEarliest;
    }
    if (value == "latest") {
        return OffsetReset::kLatest;
    }
    if (value == "none") {
        return OffsetReset::kNone;
    }
    throw ConfigError("bad setting: auto.offset.reset = \"" + value +
                      "\": must be earliest, latest or none");
}

std::vector<std::string_view> client_setting_names() {
    std::vector<std::string_view> names;
    names.reserve(kClientNames.size());
    for (const ClientName& entry : kClientNames) {
        names.push_back(entry.name);
    }
    return names;
}

bool is_client_setting(std::string_view name) {
    return find_client_name(name) != nullptr ||
           std::any_of(kFamilies.begin(), kFamilies.end(),
                       [name](std::string_view family) { return name.starts_with(family); });
}

bool has_known_prefix(std::string_view name) {
    if (name.starts_with("topic.metadata.")) {
        return false;  // These names belong to librdkafka, not to internal topics.
    }
    return std::any_of(kPrefixes.begin(), kPrefixes.end(), [name](std::string_view prefix) {
        return name.starts_with(prefix) && name.size() > prefix.size();
    });
}

}  // namespace millrace::client
