// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/detail/state/change_buffer.hpp"

#include <memory>
#include <string>

namespace millrace::state {

/// The format of a buffered change in its changelog, docs/formats/suppress-buffer.md: version 3 of
/// Kafka Streams' format, as the record's header "v" says.
inline constexpr char kChangeBufferVersion = 3;

/// Headers of the changelog record with the origins of the prior and the old value.
inline constexpr const char* kPriorOriginHeader = "vh.prior";
inline constexpr const char* kOldOriginHeader = "vh.old";

/// The origin of a value: the headers and the timestamp of the record that wrote it.
Bytes value_origin(const Headers& headers, Timestamp time);

/// Whether the prior and the old value are the same, with the same origin. They then count once.
bool is_old_as_prior(const detail::BufferedChange& change);

/// Adds the origins of the values, unless there are none.
void append_origins(const detail::BufferedChange& change, Headers& out);

/// The origins of a change that was decoded from a changelog record with `logged` headers. A value
/// without one was written by an application that does not store headers: its origin is the time of
/// the change.
std::shared_ptr<const detail::ValueOrigins> origins_of(const detail::BufferedChange& change,
                                                       const Headers& logged);

void append_buffered_change(const detail::BufferedChange& change, Timestamp time, Bytes& out);

struct DecodedChange {
    Timestamp time{};
    detail::BufferedChange change{};  ///< Without its topic.
    std::string topic{};
};

/// Throws StateError if `bytes` are not in that format.
DecodedChange decode_buffered_change(BytesView bytes);

}  // namespace millrace::state
