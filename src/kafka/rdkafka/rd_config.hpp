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

/// What Millrace thinks of a setting that the user may also give.
struct OwnSettings {
    ClientSettings defaults;  ///< Used unless the user says otherwise.
    ClientSettings fixed;     ///< The code relies on them: another value is refused.
};

/// `settings` over `own`.
///
/// Errors: ConfigError when one of the fixed settings is given another value.
ClientSettings merged(const OwnSettings& own, const ClientSettings& settings);

/// The configuration of a client. Its log lines go to core/log under the client's name, and so do
/// its statistics, as debug lines, when statistics.interval.ms asks for them.
///
/// Errors: ConfigError for an unknown setting or a refused value, naming the setting; the value of
/// a secret is not shown.
RdConfig make_config(const ClientSettings& settings);

/// Makes the client. `callbacks` is what its callbacks receive as opaque.
///
/// Errors: ConfigError when the settings do not go together.
RdClient make_client(rd_kafka_type_t type, RdConfig config, void* callbacks);

}  // namespace millrace::kafka
