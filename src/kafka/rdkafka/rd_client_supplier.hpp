// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <memory>

namespace millrace::kafka {

/// Clients of Apache Kafka through librdkafka. `common` contains the settings that all of them
/// share ("bootstrap.servers", security); a client's own settings take precedence.
///
/// Shared, because a client and the threads that it starts all create Kafka clients with it.
std::shared_ptr<ClientSupplier> rdkafka_clients(ClientSettings common);

}  // namespace millrace::kafka
