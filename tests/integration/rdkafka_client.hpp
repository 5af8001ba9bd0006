// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include <librdkafka/rdkafka.h>

namespace millrace::testing {

/// A bare librdkafka client, to test the test broker itself. Not thread-safe.
class RdKafkaClient {
  public:
    explicit RdKafkaClient(const std::string& bootstrap_servers) {
        char reason[256];
        rd_kafka_conf_t* settings = rd_kafka_conf_new();
        if (rd_kafka_conf_set(settings, "bootstrap.servers", bootstrap_servers.c_str(), reason,
                              sizeof reason) != RD_KAFKA_CONF_OK) {
            rd_kafka_conf_destroy(settings);
            throw std::runtime_error(reason);
        }
        handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, settings, reason, sizeof reason));
        if (handle_ == nullptr) {
            rd_kafka_conf_destroy(settings);
            throw std::runtime_error(reason);
        }
    }

    int broker_count() const { return metadata()->broker_cnt; }

    /// Returns 0 if the topic does not exist.
    int partition_count(const std::string& topic) const {
        const MetadataPointer answer = metadata();
        for (int i = 0; i < answer->topic_cnt; ++i) {
            if (topic == answer->topics[i].topic) {
                return answer->topics[i].partition_cnt;
            }
        }
        return 0;
    }

    void create_topic(const std::string& name, int partitions) {
        char reason[256];
        rd_kafka_NewTopic_t* topic =
            rd_kafka_NewTopic_new(name.c_str(), partitions, 1, reason, sizeof reason);
        if (topic == nullptr) {
            throw std::runtime_error(reason);
        }
        rd_kafka_queue_t* queue = rd_kafka_queue_new(handle_.get());
        rd_kafka_CreateTopics(handle_.get(), &topic, 1, nullptr, queue);
        rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kTimeoutMs);
        const bool created =
            event != nullptr && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (event != nullptr) {
            rd_kafka_event_destroy(event);
        }
        rd_kafka_queue_destroy(queue);
        rd_kafka_NewTopic_destroy(topic);
        if (!created) {
            throw std::runtime_error("could not create topic " + name);
        }
    }

  private:
    static constexpr int kTimeoutMs = 20'000;

    struct DestroyHandle {
        void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
    };
    struct DestroyMetadata {
        void operator()(const rd_kafka_metadata_t* metadata) const {
            rd_kafka_metadata_destroy(metadata);
        }
    };
    using MetadataPointer = std::unique_ptr<const rd_kafka_metadata_t, DestroyMetadata>;

    MetadataPointer metadata() const {
        const rd_kafka_metadata_t* answer = nullptr;
        const rd_kafka_resp_err_t error =
            rd_kafka_metadata(handle_.get(), 1, nullptr, &answer, kTimeoutMs);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            throw std::runtime_error(rd_kafka_err2str(error));
        }
        return MetadataPointer(answer);
    }

    std::unique_ptr<rd_kafka_t, DestroyHandle> handle_;
};

}  // namespace millrace::testing
