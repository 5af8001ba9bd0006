// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/message.hpp"

#include <librdkafka/rdkafka.h>

namespace millrace::kafka {

/// Takes ownership of `message`, a record and not an error. Its memory is librdkafka's fetch
/// buffer.
Message to_message(rd_kafka_message_t* message) noexcept;

/// Reads the headers of `message`, an rd_kafka_message_t, on demand. Never destroyed.
const millrace::detail::HeaderSource& rd_header_source() noexcept;

/// A view of memory that may be absent: null stays null and empty stays empty.
NullableBytes nullable_view(const void* data, std::size_t size) noexcept;

}  // namespace millrace::kafka
