// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/producer.hpp"

#include <string>

namespace millrace::kafka {

/// True if the record has a negative timestamp, which Kafka does not allow.
inline bool has_negative_timestamp(const ProducerRecord& record) {
    return record.timestamp && *record.timestamp < Timestamp{};
}

/// The status of a producer that refuses a record with a negative timestamp.
inline Status negative_timestamp(const std::string& topic, const ProducerRecord& record) {
    return {ErrorCode::kInvalidRecord, "cannot send to topic " + topic + ": negative timestamp " +
                                           std::to_string(milliseconds_of(*record.timestamp))};
}

}  // namespace millrace::kafka
