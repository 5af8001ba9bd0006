// SPDX-License-Identifier: Apache-2.0
#include "millrace/detail/nodes/process.hpp"

#include <utility>

namespace millrace::detail {

void check_forwarded_time(const Node& node, Timestamp timestamp) {
    if (timestamp < Timestamp{}) {
        throw ProcessingError("a record's time must not be negative: processor " + node.name() +
                              " forwards one at " + std::to_string(milliseconds_of(timestamp)) +
                              " ms");
    }
}

void no_such_child(const Node& node, std::string_view child) {
    throw TopologyError("processor " + node.name() + " has no child " + std::string(child));
}

RecordMetadata metadata_of(const RecordContext& record) {
    RecordMetadata metadata;
    if (record.topic != nullptr) {
        metadata.topic = *record.topic;
        metadata.partition = record.partition;
        metadata.offset = record.offset;
    }
    return metadata;
}

void add_header_to(const Node& node, const RecordContext& record, std::string key,
                   NullableOwnedBytes value) {
    if (record.headers == nullptr) {
        throw ProcessingError(
            "no record is being processed, so no header can be added: processor " + node.name());
    }
    // The creator of the record owns its headers as a mutable variable; only others see them as
    // const.
    const_cast<Headers*>(record.headers)->add(std::move(key), std::move(value));
}

}  // namespace millrace::detail
