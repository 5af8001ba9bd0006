// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/commit/producer_collector.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::runtime {

/// A collector of an application that sends to "out" (3 partitions) and "dead".
class ProducerCollectorTest : public ::testing::Test {
  protected:
    ProducerCollectorTest() {
        broker.create_topic("out", 3);
        broker.create_topic("dead", 1);
    }

    static detail::OutgoingRecord record(BytesView key, std::optional<Partition> partition = {}) {
        return {.key = key,
                .value = "v",
                .timestamp = {},
                .headers = nullptr,
                .partition = partition,
                .partition_key = {},
                .acknowledged = nullptr};
    }

    ProducerCollector make() {
        return ProducerCollector({.supplier = broker.clients(),
                                  .producer_settings = producer_settings,
                                  .settings = settings,
                                  .dropped = dropped,
                                  .clock = &clock,
                                  .limits = limits.get(),
                                  .take_turns = take_turns,
                                  .metadata_timeout = std::chrono::milliseconds(100)});
    }

    void learn_limits_from(kafka::Admin& from) {
        limits = std::make_unique<BatchLimits>(from, clock, std::chrono::seconds(1));
    }

    /// The value of a record of 100 bytes that starts with its number.
    static std::string value(int number) {
        std::string text = std::to_string(number);
        text.resize(100, ' ');
        return text;
    }

    /// Sends small records, with a large one among them if its size is set.
    static void send_many(ProducerCollector& collector, const std::string& topic,
                          std::size_t large = 0) {
        for (int i = 0; i < kMany; ++i) {
            detail::OutgoingRecord out = record("k", 0);
            const std::string text =
                large > 0 && i == kMany / 2 ? std::string(large, 'x') : value(i);
            out.value = text;
            collector.send(collector.topic(topic), out);
        }
    }

    void resume_and_remember_sizes() {
        settings->production_handler = [this](const auto&, const FailedRecord& failed,
                                              const auto&) {
            refused.push_back(failed.value.value_or("").size());
            return ErrorResponse{ErrorDecision::kResume};
        };
    }

    static constexpr int kMany = 50;

    testing::EmbeddedBroker broker;
    ManualClock clock;
    std::unique_ptr<kafka::Admin> admin = broker.clients()->make_admin({});
    std::unique_ptr<BatchLimits> limits;  // Null: limits are not read.
    std::vector<std::size_t> refused;
    kafka::ClientSettings producer_settings;
    bool take_turns = false;
    std::shared_ptr<metrics::Counter> dropped = std::make_shared<metrics::Counter>();
    std::shared_ptr<TaskSettings> settings = std::make_shared<TaskSettings>();
};

}  // namespace millrace::runtime
