// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/state/change_buffer.hpp"

#include <string>

namespace millrace::state {

/// The format of a buffered change in its changelog, docs/formats/suppress-buffer.md: version 3 of
/// Kafka Streams' format, as the record's header "v" says.
inline constexpr char kChangeBufferVersion = 3;

void append_buffered_change(const detail::BufferedChange& change, Timestamp time, Bytes& out);

struct DecodedChange {
    Timestamp time{};
    detail::BufferedChange change{};  ///< Without its topic.
    std::string topic{};
};

/// Throws StateError if `bytes` are not in that format.
DecodedChange decode_buffered_change(BytesView bytes);

}  // namespace millrace::state
