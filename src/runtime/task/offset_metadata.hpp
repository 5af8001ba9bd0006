// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace millrace::runtime {

/// Times of operators by the name of their store.
using ProcessorTimes = std::map<std::string, Timestamp, std::less<>>;

/// The metadata that a task commits with an offset, so that decisions about late records survive a
/// restart.
///
/// As text, Kafka Streams' own: Base64 of
///     1 byte   2 (version)
///     8 bytes  partition time, big-endian milliseconds, -1 when not known
///     then, only if there are processor times:
///     4 bytes  their number
///     for each: 4 bytes length of the name, the name, 8 bytes time
struct OffsetMetadata {
    Timestamp partition_time = kNoTimestamp;
    ProcessorTimes processor_times{};
};

std::string encode(Timestamp partition_time, const ProcessorTimes& processor_times);

/// Reads versions 1 and 2. Other metadata yield no times, because another application may have
/// written them.
OffsetMetadata decode_offset_metadata(std::string_view text);

}  // namespace millrace::runtime
