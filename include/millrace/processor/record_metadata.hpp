// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <string>

namespace millrace {

/// The position of the record being processed. In a punctuator: no topic, partition -1, offset -1.
struct RecordMetadata {
    std::string topic{};
    Partition partition = -1;
    Offset offset = -1;
};

/// The context for topic extractors in addition to key and value: the position of the source
/// record, and the current time of the record. A view, valid during the call.
struct RecordContextView {
    const std::string& topic;
    Partition partition;
    Offset offset;
    Timestamp timestamp;
};

}  // namespace millrace
