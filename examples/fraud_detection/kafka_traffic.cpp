// SPDX-License-Identifier: Apache-2.0
#include "kafka_traffic.hpp"

#include "rules.hpp"

#include <librdkafka/rdkafka.h>

#include <stdexcept>
#include <vector>

namespace fraud {

namespace {

constexpr int kTimeoutMs = 30'000;

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using Handle = std::unique_ptr<rd_kafka_t, Freed<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Freed<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Freed<rd_kafka_event_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Freed<rd_kafka_NewTopic_destroy>>;

Handle make_producer(const KafkaSettings& settings, void* opaque,
                     void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*)) {
    char reason[512];
    std::unique_ptr<rd_kafka_conf_t, Freed<rd_kafka_conf_destroy>> config(rd_kafka_conf_new());
    const auto set = [&](const std::string& name, const std::string& value) {
        if (rd_kafka_conf_set(config.get(), name.c_str(), value.c_str(), reason, sizeof reason) !=
            RD_KAFKA_CONF_OK) {
            throw std::runtime_error(reason);
        }
    };
    set("enable.idempotence", "true");
    // The partition that Java's clients choose.
    set("partitioner", "murmur2_random");
    set("linger.ms", "20");
    for (const auto& [name, value] : settings) {
        set(name, value);
    }
    rd_kafka_conf_set_opaque(config.get(), opaque);
    if (delivered != nullptr) {
        rd_kafka_conf_set_dr_msg_cb(config.get(), delivered);
    }
    Handle producer(rd_kafka_new(RD_KAFKA_PRODUCER, config.get(), reason, sizeof reason));
    if (producer == nullptr) {
        throw std::runtime_error(reason);
    }
    config.release();  // The producer owns it now.
    return producer;
}

NewTopic describe_topic(const char* name, int partitions) {
    char reason[512];
    NewTopic topic(rd_kafka_NewTopic_new(name, partitions, -1, reason, sizeof reason));
    if (topic == nullptr) {
        throw std::runtime_error(reason);
    }
    return topic;
}

void check_created(rd_kafka_event_t* event) {
    if (event == nullptr) {
        throw std::runtime_error("Kafka did not answer when asked to create topics");
    }
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw std::runtime_error(rd_kafka_event_error_string(event));
    }
    std::size_t count = 0;
    const auto* result = rd_kafka_event_CreateTopics_result(event);
    const auto* const* topics = rd_kafka_CreateTopics_result_topics(result, &count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto error = rd_kafka_topic_result_error(topics[i]);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR &&
            error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            throw std::runtime_error(std::string("cannot create topic ") +
                                     rd_kafka_topic_result_name(topics[i]) + ": " +
                                     rd_kafka_topic_result_error_string(topics[i]));
        }
    }
}

}  // namespace

void create_topics(const KafkaSettings& settings, int partitions) {
    const Handle client = make_producer(settings, nullptr, nullptr);
    std::vector<NewTopic> topics;
    for (const char* name : {kPaymentsTopic, kProfilesTopic, kHighRiskTopic, kVelocityTopic,
                             kModelTopic, kDeadLetterTopic}) {
        topics.push_back(describe_topic(name, partitions));
    }
    rd_kafka_NewTopic_set_config(topics[1].get(), "cleanup.policy", "compact");

    std::vector<rd_kafka_NewTopic_t*> borrowed;
    for (const auto& topic : topics) {
        borrowed.push_back(topic.get());
    }
    const Queue queue(rd_kafka_queue_new(client.get()));
    rd_kafka_CreateTopics(client.get(), borrowed.data(), borrowed.size(), nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
    check_created(event.get());
}

class KafkaSender::Connection {
  public:
    explicit Connection(const KafkaSettings& settings)
        : producer_(make_producer(settings, this, &Connection::on_delivery)) {}

    void send(const std::string& topic, const std::string& key, const std::string& value,
              std::int64_t time_ms) {
        while (true) {
            const auto error =
                rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()),
                                  RD_KAFKA_V_KEY(key.data(), key.size()),
                                  RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                  RD_KAFKA_V_TIMESTAMP(time_ms),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
            if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
                break;
            }
            if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
                throw std::runtime_error(std::string("cannot send to ") + topic + ": " +
                                         rd_kafka_err2str(error));
            }
            rd_kafka_poll(producer_.get(), 100);
        }
        rd_kafka_poll(producer_.get(), 0);
    }

    void flush() {
        if (rd_kafka_flush(producer_.get(), 2 * kTimeoutMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            throw std::runtime_error("Kafka did not store all records in time");
        }
        if (failure_ != RD_KAFKA_RESP_ERR_NO_ERROR) {
            throw std::runtime_error(std::string("Kafka did not store all records: ") +
                                     rd_kafka_err2str(failure_));
        }
    }

  private:
    static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            static_cast<Connection*>(self)->failure_ = message->err;
        }
    }

    rd_kafka_resp_err_t failure_ = RD_KAFKA_RESP_ERR_NO_ERROR;
    Handle producer_;
};

KafkaSender::KafkaSender(const KafkaSettings& settings)
    : connection_(std::make_unique<Connection>(settings)) {}

KafkaSender::~KafkaSender() = default;

void KafkaSender::send(const std::string& topic, const std::string& key, const std::string& value,
                       std::int64_t time_ms) {
    connection_->send(topic, key, value, time_ms);
}

void KafkaSender::flush() {
    connection_->flush();
}

}  // namespace fraud
