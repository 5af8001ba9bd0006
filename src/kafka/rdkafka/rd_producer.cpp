// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_producer.hpp"

#include "core/check.hpp"
#include "kafka/negative_timestamp.hpp"
#include "kafka/rdkafka/internals_shim.h"
#include "kafka/rdkafka/partition_lists.hpp"
#include "kafka/rdkafka/rd_message.hpp"
#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <tuple>
#include <utility>

namespace millrace::kafka {
namespace {

using std::chrono::milliseconds;

// How often, and for how many milliseconds each time, send waits while the queue is full.
constexpr int kFullQueueWaits = 5;
constexpr int kFullQueueWait = 20;

const OwnSettings& own_settings() {
    static const OwnSettings own{
        .defaults = {{"enable.idempotence", "true"},
                     // Large batches make producing cheap; flush() does not wait for linger.
                     {"linger.ms", "20"},
                     {"queue.buffering.max.messages", "1000000"},
                     // Every stream thread has a producer, and librdkafka's default is 1 GiB. A
                     // healthy cluster accepts records long before that.
                     {"queue.buffering.max.kbytes", "65536"},
                     {"socket.nagle.disable", "true"},
                     {"enable.metrics.push", "false"}},
        .fixed = {{"partitioner", "murmur2_random"},  // Kafka's default for keys; see murmur2.hpp.
                                                      // An interceptor records successful
                                                      // deliveries in the client's thread.
                  {"delivery.report.only.error", "true"}},
    };
    return own;
}

const void* address_of(BytesView bytes) noexcept {
    // An empty view may have a null pointer, which would make the value null.
    return bytes.data() != nullptr ? bytes.data() : "";
}

// The order of the arguments of rd_kafka_produceva.
enum Argument : std::size_t {
    kTopic,
    kPartition,
    kFlags,
    kOpaque,
    kKey,
    kValue,
    kTimestamp,
    kHeaders,
    kArguments
};

// A message has one opaque pointer: the address for its offset, or the number of its origin, marked
// by the lowest bit, which is never set in such an address.
static_assert(alignof(Offset) > 1 && sizeof(std::uintptr_t) > sizeof(std::uint32_t));

void* opaque_of(const ProducerRecord& record) noexcept {
    if (record.acknowledged != nullptr || record.origin == 0) {
        return record.acknowledged;
    }
    return std::bit_cast<void*>((std::uintptr_t{record.origin} << 1) | 1);
}

std::uint32_t origin_of(const void* opaque) noexcept {
    const auto bits = reinterpret_cast<std::uintptr_t>(opaque);
    return (bits & 1) != 0 ? static_cast<std::uint32_t>(bits >> 1) : 0;
}

bool is_address(const void* opaque) noexcept {
    return opaque != nullptr && (reinterpret_cast<std::uintptr_t>(opaque) & 1) == 0;
}

void set_bytes(rd_kafka_vu_t& argument, const NullableBytes& bytes) noexcept {
    // Copied and not written to.
    argument.u.mem.ptr = bytes ? const_cast<void*>(address_of(*bytes)) : nullptr;
    argument.u.mem.size = bytes ? bytes->size() : 0;
}

RdHeaders to_rd_headers(const Headers& headers) {
    RdHeaders list(rd_kafka_headers_new(headers.size()));
    for (const auto& header : headers) {
        rd_kafka_header_add(list.get(), header.key.data(), static_cast<ssize_t>(header.key.size()),
                            header.value ? address_of(*header.value) : nullptr,
                            header.value ? static_cast<ssize_t>(header.value->size()) : 0);
    }
    return list;
}

}  // namespace

RdProducer::RdProducer(const ClientSettings& settings, ProducerListener& listener)
    : listener_(listener) {
    RdConfig config = make_config(merged(own_settings(), settings));
    rd_kafka_conf_set_dr_msg_cb(config.get(), delivery_callback);
    rd_kafka_conf_set_error_cb(config.get(), error_callback);
    constexpr std::array kTypes{RD_KAFKA_VTYPE_RKT,       RD_KAFKA_VTYPE_PARTITION,
                                RD_KAFKA_VTYPE_MSGFLAGS,  RD_KAFKA_VTYPE_OPAQUE,
                                RD_KAFKA_VTYPE_KEY,       RD_KAFKA_VTYPE_VALUE,
                                RD_KAFKA_VTYPE_TIMESTAMP, RD_KAFKA_VTYPE_HEADERS};
    static_assert(kTypes.size() == kArguments &&
                  std::tuple_size_v<decltype(arguments_)> == kArguments);
    for (std::size_t i = 0; i < kArguments; ++i) {
        arguments_[i].vtype = kTypes[i];
    }
    arguments_[kFlags].u.i = RD_KAFKA_MSG_F_COPY;
    rd_kafka_conf_interceptor_add_on_new(config.get(), "millrace", new_client_callback, this);
    client_ = make_client(RD_KAFKA_PRODUCER, std::move(config), this);
    if (settings.contains("transactional.id")) {
        watch_.reset(millrace_coordinator_watch_new(client_.get()));
    }
}

RdProducer::~RdProducer() {
    // Including records in flight: call flush to learn the outcome of a record.
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                      RD_KAFKA_PURGE_F_NON_BLOCKING);
}

TopicHandle RdProducer::topic(const std::string& name) {
    const auto [known, is_new] =
        index_of_topic_.emplace(name, static_cast<std::uint32_t>(topics_.size()));
    if (is_new) {
        RdTopic handle(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
        if (handle == nullptr) {
            index_of_topic_.erase(known);
            throw KafkaError("cannot use topic " + name + ": " +
                             rd_kafka_err2str(rd_kafka_last_error()));
        }
        topics_.push_back({name, std::move(handle)});
    }
    return {known->second};
}

const RdProducer::Topic& RdProducer::known(TopicHandle topic) const {
    MILLRACE_CHECK(topic.index < topics_.size());
    return topics_[topic.index];
}

Result<Partition> RdProducer::partition_count(TopicHandle topic, milliseconds timeout) {
    const Topic& asked = known(topic);
    // librdkafka keeps the number up to date once it knows the topic.
    if (const Partition count = millrace_topic_partition_count(asked.handle.get()); count > 0) {
        return count;
    }
    const std::string doing = "cannot count the partitions of topic " + asked.name;
    const rd_kafka_metadata_t* raw = nullptr;
    const rd_kafka_resp_err_t error =
        rd_kafka_metadata(client_.get(), 0, asked.handle.get(), &raw, to_rd_timeout(timeout));
    const RdMetadata metadata(raw);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return status_of_error(error, doing);
    }
    for (int i = 0; i < metadata->topic_cnt; ++i) {
        const rd_kafka_metadata_topic_t& found = metadata->topics[i];
        if (asked.name == found.topic) {
            if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                return status_of_error(found.err, doing);
            }
            return found.partition_cnt;
        }
    }
    return status_of_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, doing);
}

RdError RdProducer::produce(const ProducerRecord& record, const Topic& topic) {
    arguments_[kTopic].u.rkt = topic.handle.get();
    arguments_[kPartition].u.i32 = record.partition;
    arguments_[kOpaque].u.ptr = opaque_of(record);
    set_bytes(arguments_[kKey], record.key);
    set_bytes(arguments_[kValue], record.value);
    // librdkafka interprets zero as "now".
    arguments_[kTimestamp].u.i64 = record.timestamp ? milliseconds_of(*record.timestamp) : 0;
    dates_at_epoch_ = record.timestamp && milliseconds_of(*record.timestamp) == 0;
    std::size_t count = kArguments - 1;
    RdHeaders headers;
    if (record.headers != nullptr && !record.headers->empty()) {
        headers = to_rd_headers(*record.headers);
        arguments_[kHeaders].u.headers = headers.get();
        ++count;
    }
    RdError error(rd_kafka_produceva(client_.get(), arguments_.data(), count));
    if (error == nullptr) {
        (void)headers.release();  // The message owns them now.
    }
    return error;
}

std::size_t RdProducer::largest_record() const {
    char text[32] = "";
    std::size_t size = sizeof text;
    MILLRACE_CHECK(rd_kafka_conf_get(rd_kafka_conf(client_.get()), "message.max.bytes", text,
                                     &size) == RD_KAFKA_CONF_OK);
    return std::stoul(text);
}

Status RdProducer::send_failure(const RdError& error, const Topic& topic) {
    if (rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return larger_than_producer_accepts(topic.name, largest_record());
    }
    // The error of a send is never marked as retriable or fatal.
    const std::string doing = "cannot send to topic " + topic.name;
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error.get());
    return rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR
               ? status_of_client_error(client_.get(), code, doing, {})
               : status_of_error(code, doing, rd_kafka_error_string(error.get()));
}

Status RdProducer::send(const ProducerRecord& record) {
    const Topic& topic = known(record.topic);
    if (has_negative_timestamp(record)) [[unlikely]] {
        return negative_timestamp(topic.name, record);
    }
    for (int waits = 0;; ++waits) {
        const RdError error = produce(record, topic);
        if (error == nullptr) [[likely]] {
            return {};
        }
        if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL ||
            waits == kFullQueueWaits) {
            return send_failure(error, topic);
        }
        millrace_await_room(client_.get(), kFullQueueWait);
        rethrow_from_callback();
    }
}

void RdProducer::poll() {
    rd_kafka_poll(client_.get(), 0);
    rethrow_from_callback();
}

Status RdProducer::flush(milliseconds timeout) {
    const rd_kafka_resp_err_t error = millrace_flush(client_.get(), to_rd_timeout(timeout));
    rethrow_from_callback();
    return status_of_error(error, "cannot flush the producer");
}

void RdProducer::purge() {
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    poll();
}

void RdProducer::delivery_callback(rd_kafka_t*, const rd_kafka_message_t* message,
                                   void* self) noexcept {
    auto& producer = *static_cast<RdProducer*>(self);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;
    }
    try {
        producer.report_failure(*message);
    } catch (...) {
        producer.thrown_ = std::current_exception();
    }
}

void RdProducer::report_failure(const rd_kafka_message_t& message) {
    const char* const topic = rd_kafka_topic_name(message.rkt);
    // Only the error code gives the reason. librdkafka's error texts cannot be used here: for a
    // sent record, rd_kafka_message_errstr is its value, and rd_kafka_message_produce_errstr
    // (2.14.2) points into the broker's response, which another thread may free.
    const Status status = status_of_client_error(
        client_.get(), message.err,
        "cannot deliver to " + to_string(TopicPartition{topic, message.partition}),
        message.err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
            ? "batch larger than max.message.bytes of the topic"
            : std::string_view());
    Headers headers;
    headers.reset(rd_header_source(), &message);
    listener_.on_failed_delivery(
        {.topic = topic,
         .partition = message.partition,
         .key = nullable_view(message.key, message.key_len),
         .value = nullable_view(message.payload, message.len),
         .timestamp = timestamp_of(rd_kafka_message_timestamp(&message, nullptr)),
         .headers = headers,
         .status = status,
         .origin = origin_of(message._private)});
    headers.clear();
}

void RdProducer::error_callback(rd_kafka_t* client, int error, const char* text,
                                void* self) noexcept {
    auto& producer = *static_cast<RdProducer*>(self);
    try {
        producer.listener_.on_error(status_of_client_error(
            client, static_cast<rd_kafka_resp_err_t>(error), "producer", text));
    } catch (...) {
        producer.thrown_ = std::current_exception();
    }
}

rd_kafka_resp_err_t RdProducer::new_client_callback(rd_kafka_t* client, const rd_kafka_conf_t*,
                                                    void* self, char*, std::size_t) noexcept {
    constexpr const char* kName = "millrace";
    for (const rd_kafka_resp_err_t error :
         {rd_kafka_interceptor_add_on_send(client, kName, send_callback, self),
          rd_kafka_interceptor_add_on_acknowledgement(client, kName, acknowledgement_callback,
                                                      nullptr),
          rd_kafka_interceptor_add_on_response_received(client, kName, response_callback, self)}) {
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return error;
        }
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t RdProducer::acknowledgement_callback(rd_kafka_t*, rd_kafka_message_t* message,
                                                         void*) noexcept {
    if (is_address(message->_private) && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        // While a partition moves between brokers, two of librdkafka's threads may write it.
        const std::atomic_ref<Offset> acknowledged(*static_cast<Offset*>(message->_private));
        Offset known = acknowledged.load(std::memory_order_relaxed);
        while (message->offset > known && !acknowledged.compare_exchange_weak(
                                              known, message->offset, std::memory_order_relaxed)) {
        }
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t RdProducer::send_callback(rd_kafka_t*, rd_kafka_message_t* message,
                                              void* self) noexcept {
    if (static_cast<RdProducer*>(self)->dates_at_epoch_) {
        millrace_date_at_epoch(message);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void RdProducer::rethrow_from_callback() {
    if (thrown_ != nullptr) [[unlikely]] {
        std::rethrow_exception(std::exchange(thrown_, nullptr));
    }
}

}  // namespace millrace::kafka
