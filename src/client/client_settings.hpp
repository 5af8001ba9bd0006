// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "millrace/client/streams_config.hpp"

#include "millrace/detail/topology_spec.hpp"

#include <string>
#include <string_view>

namespace millrace::client {

/// Which of a client's Kafka connections.
enum class Role { kMainConsumer, kRestoreConsumer, kGlobalConsumer, kProducer, kAdmin };

/// Settings for one connection in librdkafka's names: our defaults, then the unprefixed settings,
/// then those of its kind ("consumer."), then those of its role ("main.consumer."), then what must
/// not be changed. `client_id` names the connection.
kafka::ClientSettings client_settings(const StreamsConfig& config, Role role,
                                      const std::string& client_id);

/// Where sources without a policy of their own begin: auto.offset.reset. Throws ConfigError.
OffsetReset default_offset_reset(const StreamsConfig& config);

/// True when `name`, which has no prefix, is a setting of a Kafka client.
bool is_client_setting(std::string_view name);

/// True for "consumer.", "main.consumer.", "producer.", "topic.", "app." and so on.
bool has_known_prefix(std::string_view name);

}  // namespace millrace::client
