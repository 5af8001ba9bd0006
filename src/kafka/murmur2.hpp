// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstdint>

namespace millrace::kafka {

/// MurmurHash2 in the variant and with the seed that Kafka's clients choose partitions by.
std::uint32_t murmur2(BytesView bytes) noexcept;

/// The partition Kafka's default partitioner puts a record with this key into: producers in every
/// language agree on it, so that equal keys meet. Requires count > 0.
Partition partition_for_key(BytesView key, Partition count);

}  // namespace millrace::kafka
