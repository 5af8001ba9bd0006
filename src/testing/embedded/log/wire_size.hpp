// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/producer.hpp"
#include "testing/embedded/log/record_batch.hpp"

#include <cstddef>

namespace millrace::testing::embedded {

/// The size of a batch in Kafka's record format (version 2), uncompressed. Brokers compare it with
/// max.message.bytes.
std::size_t wire_size(const RecordBatch& batch);

/// An upper bound of wire_size that does not read the records.
std::size_t wire_size_at_most(std::size_t records, std::size_t content_bytes) noexcept;

/// librdkafka's estimate of the maximum size of a record.
std::size_t wire_size_at_most(const kafka::ProducerRecord& record);

/// librdkafka's estimate of the bytes before the first record of a batch, which count towards
/// batch.size: headers of the request and of the batch.
inline constexpr std::size_t kRequestBytes = 128;

}  // namespace millrace::testing::embedded
