// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/topic_partition.hpp"

#include <cstdint>

namespace millrace::kafka {

/// MurmurHash2, in the variant and with the seed of Kafka's default partitioner.
std::uint32_t murmur2(BytesView bytes) noexcept;

/// The partition for this key in Kafka's default partitioner. Producers in every language agree on
/// it, so equal keys are in the same partition. Requires count > 0.
Partition partition_for_key(BytesView key, Partition count);

}  // namespace millrace::kafka
