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

/// A consumed record as a source sees it: a view of the message and where it is from.
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

/// A source node's decoder for one input partition: holds the decoded head record of that
/// partition's queue, in memory that is used again for the next one.
class SourceInput {
  public:
    virtual ~SourceInput() = default;

    /// Decodes `record` and asks the timestamp extractor. Returns the record's time; a negative one
    /// means: drop it. `partition_time` is the largest time processed from the partition so far, or
    /// kNoTimestamp. Throws SerdeError when key or value cannot be read ("key" or "value" is in the
    /// message), and whatever the extractor throws.
    virtual Timestamp decode(const SourceRecord& record, Timestamp partition_time) = 0;

    /// Sends the record decoded last through the graph. `headers` are the record's. A null where
    /// the type has none is dropped and counted here.
    virtual void process(Timestamp timestamp, const Headers& headers) = 0;
};

/// Implemented by source nodes: makes a decoder for one more input partition of the task.
class SourceInputFactory {
  public:
    virtual std::unique_ptr<SourceInput> make_input() = 0;

  protected:
    ~SourceInputFactory() = default;
};

}  // namespace millrace::detail
