// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "millrace/client/streams_config.hpp"

#include <string>

namespace millrace::client {

/// Adds the transactions of exactly_once_v2 to the settings of a stream thread's producer;
/// at_least_once: changes nothing. Throws ConfigError for settings that do not fit together.
///
/// `id` identifies the thread in all runs of the process with the same state directory, so that its
/// next run ends what this run leaves open.
void make_transactional(kafka::ClientSettings& producer, const StreamsConfig& config,
                        const std::string& id);

}  // namespace millrace::client
