// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "kafka/rdkafka/handles.hpp"

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string_view>

namespace millrace::kafka {

using RdConfig = std::unique_ptr<rd_kafka_conf_t, FreeBy<rd_kafka_conf_destroy>>;
using RdClient = std::unique_ptr<rd_kafka_t, FreeBy<rd_kafka_destroy>>;

/// Millrace's value of a setting that the user may also set.
struct OwnSettings {
    ClientSettings defaults;  ///< Used if the user does not set it.
    ClientSettings fixed;     ///< The code relies on it: other values are refused.
};

/// `settings` override `own`.
///
/// Errors: ConfigError if a fixed setting has another value.
ClientSettings merged(const OwnSettings& own, const ClientSettings& settings);

/// The configuration of a client. Its log lines are written to core/log with the client's name, and
/// so are its statistics, as debug lines, if statistics.interval.ms is set.
///
/// Errors: ConfigError with the name of an unknown or refused setting; secret values are not shown.
RdConfig make_config(const ClientSettings& settings);

/// Creates the client. `callbacks` is passed to its callbacks as the opaque pointer.
///
/// Errors: ConfigError if the settings contradict each other.
RdClient make_client(rd_kafka_type_t type, RdConfig config, void* callbacks);

}  // namespace millrace::kafka
