// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "kafka/producer.hpp"
#include "kafka/rdkafka/handles.hpp"
#include "kafka/rdkafka/internals_shim.h"
#include "kafka/rdkafka/rd_config.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace millrace::kafka {

/// Producer over librdkafka.
///
/// The destructor discards unacknowledged records without calling the listener: call flush() first.
class RdProducer final : public Producer {
  public:
    /// Errors: ConfigError.
    RdProducer(const ClientSettings& settings, ProducerListener& listener);
    ~RdProducer() override;
    RdProducer(const RdProducer&) = delete;
    RdProducer& operator=(const RdProducer&) = delete;

    TopicHandle topic(const std::string& name) override;
    Result<Partition> partition_count(TopicHandle topic,
                                      std::chrono::milliseconds timeout) override;
    Status send(const ProducerRecord& record) override;
    void poll() override;
    Status flush(std::chrono::milliseconds timeout) override;
    void purge() override;
    Status init_transactions(std::chrono::milliseconds timeout) override;
    Status begin_transaction() override;
    Status send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group,
                        std::chrono::milliseconds timeout) override;
    Status commit_transaction(std::chrono::milliseconds timeout) override;
    Status abort_transaction(std::chrono::milliseconds timeout) override;
    bool has_unanswered_requests() const override;

  private:
    struct Topic {
        std::string name;
        RdTopic handle;
    };

    static void delivery_callback(rd_kafka_t* client, const rd_kafka_message_t* message,
                                  void* self) noexcept;
    static void error_callback(rd_kafka_t* client, int error, const char* text,
                               void* self) noexcept;
    static rd_kafka_resp_err_t new_client_callback(rd_kafka_t* client,
                                                   const rd_kafka_conf_t* config, void* self,
                                                   char* error, std::size_t error_size) noexcept;
    static rd_kafka_resp_err_t acknowledgement_callback(rd_kafka_t* client,
                                                        rd_kafka_message_t* message,
                                                        void*) noexcept;
    static rd_kafka_resp_err_t send_callback(rd_kafka_t* client, rd_kafka_message_t* message,
                                             void* self) noexcept;

    static rd_kafka_resp_err_t response_callback(rd_kafka_t* client, int socket, const char* broker,
                                                 std::int32_t node, std::int16_t key,
                                                 std::int16_t version, std::int32_t correlation_id,
                                                 std::size_t size, std::int64_t round_trip,
                                                 rd_kafka_resp_err_t error, void* self) noexcept;

    void report_failure(const rd_kafka_message_t& message);
    const Topic& known(TopicHandle topic) const;
    RdError produce(const ProducerRecord& record, const Topic& topic);
    std::size_t largest_record() const;
    Status send_failure(const RdError& error, const Topic& topic);
    void rethrow_from_callback();

    // The client is declared before everything that refers to it: see handles.hpp.
    ProducerListener& listener_;
    std::atomic<bool> unanswered_{false};  // Written by the client's threads.
    // With transactions. Declared before the client, whose thread uses it.
    std::unique_ptr<millrace_coordinator_watch, FreeBy<millrace_coordinator_watch_free>> watch_;
    RdClient client_;
    std::array<rd_kafka_vu_t, 8> arguments_{};  // Arguments of a send, most of which do not change.
    std::vector<Topic> topics_;                 // By TopicHandle::index.
    std::unordered_map<std::string, std::uint32_t> index_of_topic_;
    std::exception_ptr thrown_;    // Thrown by the listener; rethrown from the call that served it.
    bool dates_at_epoch_ = false;  // Of the record that is being sent.
};

}  // namespace millrace::kafka
