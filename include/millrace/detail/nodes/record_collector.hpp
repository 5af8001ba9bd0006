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

/// One serialised record on its way out: a view.
struct OutgoingRecord {
    NullableBytes key;
    NullableBytes value;
    std::optional<Timestamp> timestamp;  ///< Nothing: the producer's clock.
    const Headers* headers = nullptr;    ///< Null: none.

    /// Where to; nothing: by `partition_key`, else by `key` (murmur2), else any.
    std::optional<Partition> partition{};
    NullableBytes partition_key{};  ///< The inner key of a windowed key.

    /// When set, receives the offset the broker gave the record, if that is larger than what it
    /// holds, before the producer's flush returns. Must live until then. For changelogs.
    Offset* acknowledged = nullptr;

    /// Who sent it, from RecordCollector::origin; 0: not known. Lost when `acknowledged` is set.
    std::uint32_t origin = 0;
};

/// Where nodes and stores hand their serialised records. Over a producer at run time, a list in the
/// test driver. Owned by the stream thread.
class RecordCollector {
  public:
    virtual ~RecordCollector() = default;

    virtual SinkTopic topic(const std::string& name) = 0;

    /// A number for what `node` of `task` sends, by which errors of delivery name both. The same
    /// for the same two.
    virtual std::uint32_t origin(TaskId /*task*/, const std::string& /*node*/) { return 0; }

    /// Throws KafkaError when the topic does not exist.
    virtual Partition partition_count(SinkTopic topic) = 0;

    /// Copies what it needs. A record that is too large or otherwise refused goes to the production
    /// exception handler; throws ProcessingError when that decides to fail.
    virtual void send(SinkTopic topic, const OutgoingRecord& record) = 0;
};

}  // namespace millrace::detail
