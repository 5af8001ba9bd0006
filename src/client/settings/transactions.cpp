// SPDX-License-Identifier: Apache-2.0
#include "client/settings/transactions.hpp"

#include "millrace/core/error.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>

namespace millrace::client {

namespace {

/// Kafka Streams' default; that of the producer is 60 s. A process that crashes blocks the readers
/// of its output for up to this time.
constexpr const char* kTransactionTimeout = "10000";

void require(bool condition, const std::string& problem) {
    if (!condition) {
        throw ConfigError("bad settings for processing.guarantee = exactly_once_v2: " + problem);
    }
}

/// The value of a setting of the producer, in milliseconds.
std::int64_t milliseconds_in(const kafka::ClientSettings& producer, const std::string& name) {
    const std::string& text = producer.at(name);
    const char* const end = text.data() + text.size();
    std::int32_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    require(error == std::errc() && stop == end && value >= 1,
            "producer." + name + " = \"" + text + "\" must be an integer from 1 to 2147483647");
    return value;
}

}  // namespace

void make_transactional(kafka::ClientSettings& producer, const StreamsConfig& config,
                        const std::string& id) {
    if (config.processing_guarantee != ProcessingGuarantee::kExactlyOnceV2) {
        return;
    }
    producer["transactional.id"] = config.application_id + "-" + id;
    producer.try_emplace("transaction.timeout.ms", kTransactionTimeout);
    const std::int64_t timeout = milliseconds_in(producer, "transaction.timeout.ms");
    const std::string shown = "producer.transaction.timeout.ms = " + std::to_string(timeout);
    const auto commit_interval = config.effective_commit_interval().count();
    require(commit_interval < timeout,
            "commit.interval.ms = " + std::to_string(commit_interval) + " must be less than " +
                shown + ": otherwise the brokers abort transactions before they are committed");
    for (const char* name : {"message.timeout.ms", "delivery.timeout.ms"}) {
        if (producer.contains(name)) {
            require(milliseconds_in(producer, name) <= timeout,
                    std::string("producer.") + name + " = " + producer.at(name) +
                        " must not be more than " + shown);
        }
    }
    if (!producer.contains("delivery.timeout.ms")) {
        producer.try_emplace("message.timeout.ms", std::to_string(timeout));
    }
    // librdkafka requires it, Kafka's producer does not.
    constexpr std::int64_t kLess = 100;
    constexpr std::int64_t kLeast = 10;
    const std::int64_t wait = milliseconds_in(producer, "socket.timeout.ms");
    producer["socket.timeout.ms"] =
        std::to_string(std::min(wait, std::max(timeout - kLess, kLeast)));
    const auto idempotence = producer.find("enable.idempotence");
    require(idempotence == producer.end() || idempotence->second == "true",
            "producer.enable.idempotence must be true: transactions require it");
    const auto acks = producer.find("acks");
    require(acks == producer.end() || acks->second == "all" || acks->second == "-1",
            "producer.acks must be all: transactions require it");
}

}  // namespace millrace::client
