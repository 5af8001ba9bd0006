// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <memory>
#include <string>

namespace system_app {

/// Clients of Kafka whose members write the group member data of the next version.
std::shared_ptr<millrace::kafka::ClientSupplier> clients_of_next_version(
    const std::string& bootstrap_servers);

}  // namespace system_app
