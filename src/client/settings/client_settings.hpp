// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "millrace/client/streams_config.hpp"
#include "millrace/detail/graph/topology_spec.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::client {

/// Which of a client's Kafka connections.
enum class Role { kMainConsumer, kRestoreConsumer, kGlobalConsumer, kProducer, kAdmin };

/// Settings for one connection in librdkafka's names. Later ones override earlier ones: Millrace's
/// defaults, settings without prefix, settings of its kind ("consumer."), settings of its role
/// ("main.consumer."), and the fixed settings. `client_id` names the connection.
kafka::ClientSettings client_settings(const StreamsConfig& config, Role role,
                                      const std::string& client_id);

/// Where sources without a reset policy start: auto.offset.reset. Throws ConfigError.
OffsetReset default_offset_reset(const StreamsConfig& config);

/// dsl.store.format: whether the DSL's stores keep headers.
bool keeps_headers(const StreamsConfig& config);

/// request.timeout.ms of that role: how long to wait for a response from Kafka; default 10 s.
/// Throws ConfigError.
std::chrono::milliseconds request_timeout(const StreamsConfig& config, Role role);

/// metadata.max.age.ms of that role: how long partition counts are cached; default 5 min. Throws
/// ConfigError.
std::chrono::milliseconds metadata_max_age(const StreamsConfig& config, Role role);

/// The settings with prefix "topic.", without the prefix: for internal topics.
std::map<std::string, std::string> topic_settings(const StreamsConfig& config);

/// The names without prefix of the settings of Kafka clients, but for the families "ssl." and so
/// on.
std::vector<std::string_view> client_setting_names();

/// True if `name`, which has no prefix, is a setting of a Kafka client.
bool is_client_setting(std::string_view name);

/// True for "consumer.", "main.consumer.", "producer.", "topic.", "app." and so on.
bool has_known_prefix(std::string_view name);

}  // namespace millrace::client
