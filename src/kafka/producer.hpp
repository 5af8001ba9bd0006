// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/group.hpp"
#include "kafka/status.hpp"
#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace millrace::kafka {

/// A topic handle of one producer: resolves the name once instead of once per record.
struct TopicHandle {
    std::uint32_t index = 0;
};

/// The client chooses: any partition for a null key, otherwise by murmur2 of the key.
inline constexpr Partition kAnyPartition = -1;

/// A record to send. A view: send copies it.
struct ProducerRecord {
    TopicHandle topic = {};
    Partition partition = kAnyPartition;
    NullableBytes key = {};
    NullableBytes value = {};
    std::optional<Timestamp> timestamp = {};  ///< Empty: the producer's clock.
    const Headers* headers = nullptr;         ///< Null: no headers.

    /// If set, receives the record's offset, if it is larger than the current value, before a flush
    /// or commit that waits for the record returns. Until then, any thread may write it,
    /// atomically. Must live until then, or as long as the producer.
    Offset* acknowledged = nullptr;

    /// Passed back when delivery fails, unless `acknowledged` is set.
    std::uint32_t origin = 0;
};

/// A record whose delivery failed permanently. A view, valid during the call.
struct FailedDelivery {
    std::string_view topic;
    Partition partition = kAnyPartition;
    NullableBytes key = {};
    NullableBytes value = {};
    Timestamp timestamp = kNoTimestamp;
    const Headers& headers;
    const Status& status;
    std::uint32_t origin = 0;  ///< As sent.
};

/// Returned by send for a record larger than the producer's own limit, without a request to the
/// broker.
inline Status larger_than_producer_accepts(const std::string& topic, std::size_t limit) {
    return {ErrorCode::kMessageTooLarge,
            "cannot send to topic " + topic +
                ": record larger than the producer's max.request.size (message.max.bytes): " +
                std::to_string(limit)};
}

/// Receives failed deliveries. Called from send, poll, flush, commit_transaction or
/// abort_transaction, on the caller's thread. Must not throw.
class ProducerListener {
  public:
    virtual ~ProducerListener() = default;

    virtual void on_failed_delivery(const FailedDelivery& failed) = 0;

    /// Errors that do not concern a single record. After a fatal error, the producer must be
    /// destroyed.
    virtual void on_error(const Status& status) = 0;
};

/// The interface to Kafka's producer, idempotent unless its settings say otherwise.
///
/// Threads: used by one thread.
class Producer {
  public:
    virtual ~Producer() = default;

    /// Resolves a topic name. The topic need not exist yet.
    virtual TopicHandle topic(const std::string& name) = 0;

    /// The partition count of the topic. Uses cached metadata if possible; otherwise requests it
    /// from the cluster and waits up to `timeout`. kUnknownTopic if the topic does not exist.
    virtual Result<Partition> partition_count(TopicHandle topic,
                                              std::chrono::milliseconds timeout) = 0;

    /// Copies the record into the producer's queue. If the queue is full, serves delivery reports
    /// and waits, at most about 100 ms, so that the caller can do other work; then returns
    /// kQueueFull, which is retriable. On any error the record was not accepted, and the listener
    /// is not called for it.
    virtual Status send(const ProducerRecord& record) = 0;

    /// Serves delivery reports. Never blocks.
    virtual void poll() = 0;

    /// Waits until every record is acknowledged or has failed. Otherwise kTimedOut.
    virtual Status flush(std::chrono::milliseconds timeout) = 0;

    /// Discards every unacknowledged record, queued or in flight, and calls the listener with
    /// kPurged for each. Records in flight may still arrive, but are not retried. Their
    /// `acknowledged` is not written any more. Later records are delivered normally. In a
    /// transaction, abort the transaction instead.
    virtual void purge() = 0;

    /// The following functions require the setting transactional.id.
    ///
    /// Fences all earlier producers with the same transactional id and completes their open
    /// transactions.
    virtual Status init_transactions(std::chrono::milliseconds timeout) = 0;
    virtual Status begin_transaction() = 0;
    virtual Status send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group,
                                std::chrono::milliseconds timeout) = 0;

    /// Flushes and commits. After kTimedOut or kTransport the outcome is unknown: destroy this
    /// producer and create a new one.
    virtual Status commit_transaction(std::chrono::milliseconds timeout) = 0;
    virtual Status abort_transaction(std::chrono::milliseconds timeout) = 0;

    /// Whether a request of a transaction was sent and never answered, even if it was repeated with
    /// success. It may reach the broker during a later transaction of this producer, and end it or
    /// replace its offsets (KAFKA-17754): destroy this producer and create a new one, whose
    /// init_transactions() fences the request.
    virtual bool has_unanswered_requests() const { return false; }
};

}  // namespace millrace::kafka
