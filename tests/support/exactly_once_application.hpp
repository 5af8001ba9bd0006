// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::support {

/// An application with processing.guarantee=exactly_once_v2 that counts records by key.
class ExactlyOnceApplication : public EmbeddedApplication {
  protected:
    static constexpr int kKeys = 4;

    StreamsConfig exactly_once(const std::string& instance = "one") const {
        auto settings = config(instance);
        settings.processing_guarantee = ProcessingGuarantee::kExactlyOnceV2;
        return settings;
    }

    std::unique_ptr<KafkaStreams> counter(const std::string& instance = "one") const {
        return client(counting_topology(on_record), exactly_once(instance));
    }

    /// One more record of each key.
    void produce_round() {
        for (int key = 0; key < kKeys; ++key) {
            produce("key" + std::to_string(key));
        }
    }

    void produce_rounds(int rounds) {
        for (int round = 0; round < rounds; ++round) {
            produce_round();
        }
        rounds_ += rounds;
    }

    /// Waits until the condition is true.
    template <class F>
    static bool eventually(const F& condition) {
        const Events none;
        for (int attempt = 0; attempt < 12'000; ++attempt) {
            if (condition()) {
                return true;
            }
            none.wait_for_no_longer_than(std::chrono::milliseconds{5});
        }
        return false;
    }

    bool all_input_is_committed() const {
        std::int64_t committed = 0;
        for (const auto& [partition, offset] : broker.committed_offsets("app")) {
            committed += partition.topic == "in" ? offset : 0;
        }
        return committed == static_cast<std::int64_t>(rounds_) * kKeys;
    }

    /// The counts of each key are 1, 2, 3, … in the output that a read_committed consumer gets.
    void expect_each_record_counted_once() const {
        std::map<std::string, std::vector<std::string>> counts;
        for (const auto& record : broker.records("out")) {
            counts[*record.key].push_back(*record.value);
        }
        EXPECT_EQ(counts.size(), static_cast<std::size_t>(kKeys));
        for (const auto& [key, values] : counts) {
            EXPECT_EQ(values.size(), static_cast<std::size_t>(rounds_)) << key;
            for (std::size_t i = 0; i < values.size(); ++i) {
                EXPECT_EQ(values[i], std::to_string(i + 1)) << key;
            }
        }
    }

    /// Waits for a line with this text: see `logged`.
    void expect_log(const std::string& words) {
        set_log_sink([this, words](LogLevel, std::string_view line) {
            if (line.find(words) != std::string_view::npos) {
                logged.happened();
            }
        });
    }
    ~ExactlyOnceApplication() override { set_log_sink({}); }

    Events logged;
    int rounds_ = 0;
};

}  // namespace millrace::support
