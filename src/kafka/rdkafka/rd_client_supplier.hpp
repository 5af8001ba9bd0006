// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <memory>

namespace millrace::kafka {

/// Clients of Apache Kafka through librdkafka. `common` holds what all of them share
/// ("bootstrap.servers", security); a client's own settings go before them.
///
/// Shared, as a client of the library and the threads it starts all make clients with it.
std::shared_ptr<ClientSupplier> rdkafka_clients(ClientSettings common);

}  // namespace millrace::kafka
