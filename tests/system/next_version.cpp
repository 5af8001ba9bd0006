// SPDX-License-Identifier: Apache-2.0
#include "next_version.hpp"

#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "support/members_of_versions.hpp"

namespace system_app {

std::shared_ptr<millrace::kafka::ClientSupplier> clients_of_next_version(
    const std::string& bootstrap_servers) {
    using Members = millrace::support::MembersOfVersion<millrace::support::LaterVersion<>>;
    return std::make_shared<Members>(
        millrace::kafka::rdkafka_clients({{"bootstrap.servers", bootstrap_servers}}));
}

}  // namespace system_app
