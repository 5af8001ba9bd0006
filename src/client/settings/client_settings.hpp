// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "millrace/client/streams_config.hpp"

#include "millrace/detail/topology_spec.hpp"

#include <chrono>
#include <map>
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

/// request.timeout.ms of that role: how long to wait for one answer of Kafka's; 10 s unless set.
/// Throws ConfigError.
std::chrono::milliseconds request_timeout(const StreamsConfig& config, Role role);

/// metadata.max.age.ms of that role: how long partition counts are believed; 5 min unless set.
/// Throws ConfigError.
std::chrono::milliseconds metadata_max_age(const StreamsConfig& config, Role role);

/// What "topic." says about internal topics, without the prefix.
std::map<std::string, std::string> topic_settings(const StreamsConfig& config);

/// True when `name`, which has no prefix, is a setting of a Kafka client.
bool is_client_setting(std::string_view name);

/// True for "consumer.", "main.consumer.", "producer.", "topic.", "app." and so on.
bool has_known_prefix(std::string_view name);

}  // namespace millrace::client
