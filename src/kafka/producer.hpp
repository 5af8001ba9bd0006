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

/// A topic as one producer knows it: resolve the name once, not per record.
struct TopicHandle {
    std::uint32_t index = 0;
};

/// Lets the client choose: any partition for a null key, murmur2 of the key otherwise.
inline constexpr Partition kAnyPartition = -1;

/// One record to send: a view, copied by send.
struct ProducerRecord {
    TopicHandle topic = {};
    Partition partition = kAnyPartition;
    NullableBytes key = {};
    NullableBytes value = {};
    std::optional<Timestamp> timestamp = {};  ///< Nothing: the producer's clock.
    const Headers* headers = nullptr;         ///< Null: none.

    /// When set, receives the offset the broker gave the record, if that is larger than what it
    /// holds, before a flush or commit that waits for the record succeeds. May be written from any
    /// thread until then, atomically. Must live as long, or as long as the producer.
    Offset* acknowledged = nullptr;

    /// Comes back when delivery fails, unless `acknowledged` is set.
    std::uint32_t origin = 0;
};

/// A record that could not be delivered, for good. Views, valid during the call.
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

/// What send answers for a record that is larger than the producer's own limit, before any topic
/// is asked.
inline Status larger_than_producer_accepts(const std::string& topic, std::size_t limit) {
    return {ErrorCode::kMessageTooLarge,
            "cannot send to topic " + topic +
                ": record larger than the producer's max.request.size (message.max.bytes): " +
                std::to_string(limit)};
}

/// Told of deliveries that failed, from within send, poll, flush, commit_transaction or
/// abort_transaction, on the caller's thread. Must not throw.
class ProducerListener {
  public:
    virtual ~ProducerListener() = default;

    virtual void on_failed_delivery(const FailedDelivery& failed) = 0;

    /// Errors that concern no single record. A fatal one means: destroy this producer.
    virtual void on_error(const Status& status) = 0;
};

/// The seam to Kafka's producer, idempotent unless its settings say otherwise.
///
/// Threads: one thread uses it.
class Producer {
  public:
    virtual ~Producer() = default;

    /// Resolves a topic name; the topic need not exist yet.
    virtual TopicHandle topic(const std::string& name) = 0;

    /// How many partitions the topic has. Answers from memory when it can; otherwise asks the
    /// cluster and waits up to `timeout`. kUnknownTopic when there is no such topic.
    virtual Result<Partition> partition_count(TopicHandle topic,
                                              std::chrono::milliseconds timeout) = 0;

    /// Copies the record into the producer's queue. While the queue is full it serves delivery
    /// reports and waits, but no longer than about 100 ms, so that the caller can look after other
    /// things: kQueueFull then, which is retriable. An error means that the record was not accepted
    /// and the listener will not hear of it.
    virtual Status send(const ProducerRecord& record) = 0;

    /// Serves delivery reports; never blocks.
    virtual void poll() = 0;

    /// Waits until everything sent was acknowledged or has failed. kTimedOut otherwise.
    virtual Status flush(std::chrono::milliseconds timeout) = 0;

    /// Gives up everything sent and not acknowledged, in the queue or on its way, and tells the
    /// listener of each such record: kPurged. What was on its way may arrive all the same, but
    /// nothing is tried again. No `acknowledged` of these records is written from then on. Records
    /// sent later are delivered as usual. In a transaction, which must be aborted then, abort it
    /// instead.
    virtual void purge() = 0;

    /// The rest requires the setting transactional.id.
    ///
    /// Fences every earlier producer of the same transactional id and ends what it left open.
    virtual Status init_transactions(std::chrono::milliseconds timeout) = 0;
    virtual Status begin_transaction() = 0;
    virtual Status send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group,
                                std::chrono::milliseconds timeout) = 0;

    /// Flushes and commits. After kTimedOut or kTransport it is not known whether it happened:
    /// destroy this producer and make a new one.
    virtual Status commit_transaction(std::chrono::milliseconds timeout) = 0;
    virtual Status abort_transaction(std::chrono::milliseconds timeout) = 0;
};

}  // namespace millrace::kafka
