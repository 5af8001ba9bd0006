// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"
#include "millrace/detail/core/raw_record.hpp"

#include <memory>
#include <string>

namespace millrace::detail {

/// A consumed record for a source: a view of the message and its position.
struct SourceRecord {
    const RawRecord* raw;
    Partition partition;
    const std::string* topic;
    const Headers* headers;

    NullableBytes key() const noexcept { return raw->key(); }
    NullableBytes value() const noexcept { return raw->value(); }
    Timestamp timestamp() const noexcept { return raw->timestamp(); }
    Offset offset() const noexcept { return raw->offset(); }
};

/// A source node's deserializer for one input partition: holds the deserialised head record of that
/// partition's queue, in memory that is reused for the next one.
class SourceInput {
  public:
    virtual ~SourceInput() = default;

    /// Deserialises `record` and calls the timestamp extractor. Returns the record's time; a
    /// negative one means: drop it. `partition_time` is the largest time processed from the
    /// partition so far, or kNoTimestamp. Throws SerdeError if key or value cannot be read (the
    /// message contains "key" or "value"), and ProcessingError if the extractor throws.
    virtual Timestamp decode(const SourceRecord& record, Timestamp partition_time) = 0;

    /// Sends the last deserialised record through the graph. `headers` are the record's. Drops and
    /// counts nulls that the types do not allow.
    virtual void process(Timestamp timestamp, const Headers& headers) = 0;
};

/// For catch blocks: throws the SerdeError of the record's key or value, as `part` says.
[[noreturn]] void cannot_deserialize(const char* part);

/// For catch blocks: throws the ProcessingError of a record whose timestamp extractor failed.
[[noreturn]] void extractor_failed(const SourceRecord& record);

/// Implemented by source nodes: creates a deserializer for one more input partition of the task.
class SourceInputFactory {
  public:
    virtual std::unique_ptr<SourceInput> make_input() = 0;

  protected:
    ~SourceInputFactory() = default;
};

}  // namespace millrace::detail
