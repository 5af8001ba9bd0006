// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/rdkafka/handles.hpp"
#include "kafka/status.hpp"

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

namespace millrace::kafka {

/// The runtime's code for an error of librdkafka or of a broker.
ErrorCode code_of_error(rd_kafka_resp_err_t error) noexcept;

/// An error that is only a number: its meaning determines whether it is retriable or fatal. `doing`
/// describes the operation and its object; `detail` is the client's own text, if any.
Status status_of_error(rd_kafka_resp_err_t error, std::string_view doing,
                       std::string_view detail = {});

/// An error object with its own flags. Null is success.
Status status_of_error(const RdError& error, std::string_view doing);

/// The fatal error that made `client` unusable, or `error` if there is none.
Status status_of_client_error(rd_kafka_t* client, rd_kafka_resp_err_t error, std::string_view doing,
                              std::string_view detail = {});

}  // namespace millrace::kafka
