// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/random.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/counting_topology.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace millrace::support {

/// One application on an embedded broker, with the topics in and out.
class EmbeddedApplication : public ::testing::Test {
  protected:
    EmbeddedApplication()
        : state_dir(std::filesystem::temp_directory_path() /
                    ("millrace-test-" + random_uuid(system_random()))) {}
    ~EmbeddedApplication() override { std::filesystem::remove_all(state_dir); }

    void create_topics(std::int32_t partitions) {
        broker.create_topic("in", partitions);
        broker.create_topic("out", partitions);
    }

    StreamsConfig config(const std::string& instance = "one") const {
        StreamsConfig result{.application_id = "app", .state_dir = state_dir / instance};
        result.commit_interval = std::chrono::milliseconds{20};
        result.poll = std::chrono::milliseconds{20};
        return result;
    }

    std::unique_ptr<KafkaStreams> client(const Topology& topology,
                                         const StreamsConfig& with) const {
        return std::make_unique<KafkaStreams>(topology, with, broker.clients());
    }

    /// A client whose topology counts records by key, like counting_topology.
    std::unique_ptr<KafkaStreams> counter(const std::string& instance = "one") const {
        return client(counting_topology(on_record), config(instance));
    }

    /// Stores the messages of the errors that end threads of `streams`.
    void keep_errors(KafkaStreams& streams,
                     UncaughtDecision decision = UncaughtDecision::kShutDownClient) {
        streams.set_uncaught_exception_handler([this, decision](const std::exception& error) {
            {
                const std::scoped_lock lock(mutex_);
                errors_.emplace_back(error.what());
            }
            uncaught.happened();
            return decision;
        });
    }

    std::vector<std::string> errors() const {
        const std::scoped_lock lock(mutex_);
        return errors_;
    }

    void produce(const std::string& key, int count = 1) {
        for (int i = 0; i < count; ++i) {
            broker.produce("in", {.key = key, .value = "v"});
        }
    }

    /// The last value of each key in a topic.
    std::map<std::string, std::string> table(const std::string& topic) const {
        std::map<std::string, std::string> rows;
        for (const auto& record : broker.records(topic)) {
            rows[*record.key] = record.value.value_or("null");
        }
        return rows;
    }

    /// How many tasks the threads of a client have.
    static std::size_t tasks_of(const KafkaStreams& streams) {
        std::size_t count = 0;
        for (const auto& thread : streams.metadata_for_local_threads()) {
            count += thread.tasks.size();
        }
        return count;
    }

    static double metric(const KafkaStreams& streams, const std::string& name) {
        double sum = 0;
        for (const ClientMetric& each : streams.metrics()) {
            sum += each.name == name ? each.value : 0;
        }
        return sum;
    }

    /// Waits until `holds` returns true; false after a minute.
    static bool eventually(const std::function<bool()>& holds) {
        for (int i = 0; i < 12000; ++i) {
            if (holds()) {
                return true;
            }
            Events().wait_for_no_longer_than(std::chrono::milliseconds{5});
        }
        return false;
    }

    std::filesystem::path state_dir;
    testing::EmbeddedBroker broker;
    Events processed;
    Events uncaught;  ///< The stored errors.
    std::function<void(const StringRecord&)> on_record = [this](const StringRecord&) {
        processed.happened();
    };

  private:
    mutable std::mutex mutex_;  // Guards the other members.
    std::vector<std::string> errors_;
};

}  // namespace millrace::support
