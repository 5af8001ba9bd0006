// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/rdkafka/handles.hpp"
#include "kafka/status.hpp"

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

namespace millrace::kafka {

/// What the runtime calls an error of librdkafka or of a broker.
ErrorCode code_of_error(rd_kafka_resp_err_t error) noexcept;

/// An error that came as a bare number: retriable and fatal follow from what it means. `doing` says
/// what was attempted and on what; `detail` is the client's own text, if it gave one.
Status status_of_error(rd_kafka_resp_err_t error, std::string_view doing,
                       std::string_view detail = {});

/// An error object, whose own three flags are taken over; null is success.
Status status_of_error(const RdError& error, std::string_view doing);

/// The fatal error that made `client` unusable, or, when there is none, `error` itself.
Status status_of_client_error(rd_kafka_t* client, rd_kafka_resp_err_t error, std::string_view doing,
                              std::string_view detail = {});

}  // namespace millrace::kafka
