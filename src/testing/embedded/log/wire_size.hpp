// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/producer.hpp"
#include "testing/embedded/log/record_batch.hpp"

#include <cstddef>

namespace millrace::testing::embedded {

/// The size a batch has in Kafka's record format (version 2), uncompressed: what brokers compare
/// with max.message.bytes.
std::size_t wire_size(const RecordBatch& batch);

/// As wire_size, or somewhat more, without looking at the records.
std::size_t wire_size_at_most(std::size_t records, std::size_t content_bytes) noexcept;

/// What librdkafka reckons a record takes, at most.
std::size_t wire_size_at_most(const kafka::ProducerRecord& record);

/// What librdkafka counts towards batch.size before the first record of a batch, about: the
/// beginning of the request and of the batch.
inline constexpr std::size_t kRequestBytes = 128;

}  // namespace millrace::testing::embedded
