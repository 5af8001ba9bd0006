// SPDX-License-Identifier: Apache-2.0
#include "client/settings/transactions.hpp"

#include "millrace/core/error.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>

namespace millrace::client {

namespace {

/// Kafka Streams' default; that of the producer is 60 s. A process that crashes blocks the readers
/// of its output for up to this time.
constexpr const char* kTransactionTimeout = "10000";

/// 0 if `text` is not a number.
std::int64_t number(const std::string& text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void require(bool condition, const std::string& problem) {
    if (!condition) {
        throw ConfigError("bad settings for processing.guarantee = exactly_once_v2: " + problem);
    }
}

}  // namespace

void make_transactional(kafka::ClientSettings& producer, const StreamsConfig& config,
                        const std::string& id) {
    if (config.processing_guarantee != ProcessingGuarantee::kExactlyOnceV2) {
        return;
    }
    producer["transactional.id"] = config.application_id + "-" + id;
    producer.try_emplace("transaction.timeout.ms", kTransactionTimeout);
    const std::string& timeout = producer["transaction.timeout.ms"];
    const auto commit_interval = config.effective_commit_interval().count();
    require(commit_interval < number(timeout),
            "commit.interval.ms = " + std::to_string(commit_interval) +
                " must be less than transaction.timeout.ms = " + timeout +
                ": otherwise the brokers abort transactions before they are committed");
    for (const char* name : {"message.timeout.ms", "delivery.timeout.ms"}) {
        if (const auto found = producer.find(name); found != producer.end()) {
            require(number(found->second) > 0 && number(found->second) <= number(timeout),
                    std::string(name) + " = " + found->second +
                        " must be positive and not more than transaction.timeout.ms = " + timeout);
        }
    }
    if (!producer.contains("delivery.timeout.ms")) {
        producer.try_emplace("message.timeout.ms", timeout);
    }
    const auto idempotence = producer.find("enable.idempotence");
    require(idempotence == producer.end() || idempotence->second == "true",
            "enable.idempotence must be true: transactions require it");
    const auto acks = producer.find("acks");
    require(acks == producer.end() || acks->second == "all" || acks->second == "-1",
            "acks must be all: transactions require it");
}

}  // namespace millrace::client
