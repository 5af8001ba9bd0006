// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/task_id.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::detail {

/// A topic that a sink or a changelog writes to, resolved once.
struct SinkTopic {
    std::uint32_t index = 0;
};

/// A serialised record to send: a view.
struct OutgoingRecord {
    NullableBytes key;
    NullableBytes value;
    std::optional<Timestamp> timestamp;  ///< Empty: the producer's clock.
    const Headers* headers = nullptr;    ///< Null: none.

    /// The target partition; empty: by `partition_key`, otherwise by `key` (murmur2), otherwise
    /// any.
    std::optional<Partition> partition{};
    NullableBytes partition_key{};  ///< The inner key of a windowed key.

    /// If set, receives the record's offset, if that is larger than the current value, before the
    /// producer's flush returns. Must live until then. For changelogs.
    Offset* acknowledged = nullptr;

    /// The sender, from RecordCollector::origin; 0: unknown. Lost if `acknowledged` is set.
    std::uint32_t origin = 0;
};

/// Receives the serialised records of nodes and stores. Uses a producer at run time, a list in the
/// test driver. Owned by the stream thread.
class RecordCollector {
  public:
    virtual ~RecordCollector() = default;

    virtual SinkTopic topic(const std::string& name) = 0;

    /// A number for the output of `node` of `task`, so that delivery errors can name both. The same
    /// for the same two.
    virtual std::uint32_t origin(TaskId /*task*/, const std::string& /*node*/) { return 0; }

    /// Throws KafkaError if the topic does not exist.
    virtual Partition partition_count(SinkTopic topic) = 0;

    /// Copies what it needs. A record that is too large or otherwise refused is passed to the
    /// production exception handler; throws ProcessingError if the handler decides to fail.
    virtual void send(SinkTopic topic, const OutgoingRecord& record) = 0;

    /// Sends a dead letter before the thread fails. With exactly-once, the other output since the
    /// last commit is discarded.
    virtual void send_before_failing(SinkTopic topic, const OutgoingRecord& record) {
        send(topic, record);
    }
};

}  // namespace millrace::detail
