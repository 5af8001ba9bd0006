// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/client/kafka_streams.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// How the key-value stores of these clients, together, differ from what their changelogs contain.
/// Call it when the clients have processed and committed everything.
std::vector<std::string> store_differences(const Topology& topology,
                                           const std::string& application_id,
                                           const EmbeddedBroker& broker,
                                           const std::vector<KafkaStreams*>& clients);

}  // namespace millrace::testing::simulated
