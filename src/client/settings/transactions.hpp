// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "millrace/client/streams_config.hpp"

#include <string>

namespace millrace::client {

/// Makes the producer of a stream thread transactional if exactly_once_v2 is set. Throws
/// ConfigError for incompatible settings.
///
/// `id` identifies the thread in all runs of the process with the same state directory, so that the
/// next run aborts transactions that this run leaves open.
void make_transactional(kafka::ClientSettings& producer, const StreamsConfig& config,
                        const std::string& id);

}  // namespace millrace::client
