// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <string>

namespace millrace {

/// Where the record being processed came from. In a punctuator: no topic, partition -1, offset -1.
struct RecordMetadata {
    std::string topic{};
    Partition partition = -1;
    Offset offset = -1;
};

/// What topic extractors see besides key and value: the place the record came from, and the time of
/// the record as it is now. A view, valid during the call.
struct RecordContextView {
    const std::string& topic;
    Partition partition;
    Offset offset;
    Timestamp timestamp;
};

}  // namespace millrace
