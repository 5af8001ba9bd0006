// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/embedded_clients.hpp"

#include "testing/embedded/clients/embedded_admin.hpp"
#include "testing/embedded/clients/embedded_consumer.hpp"
#include "testing/embedded/clients/embedded_producer.hpp"

namespace millrace::testing::embedded {

std::unique_ptr<kafka::Consumer> EmbeddedClients::make_consumer(
    const kafka::ClientSettings& settings, std::shared_ptr<kafka::GroupAssignor> assignor) {
    return std::make_unique<EmbeddedConsumer>(cluster_, settings, std::move(assignor));
}

std::unique_ptr<kafka::Producer> EmbeddedClients::make_producer(
    const kafka::ClientSettings& settings, kafka::ProducerListener& listener) {
    return std::make_unique<EmbeddedProducer>(cluster_, settings, listener);
}

std::unique_ptr<kafka::Admin> EmbeddedClients::make_admin(const kafka::ClientSettings& settings) {
    return std::make_unique<EmbeddedAdmin>(cluster_, settings);
}

}  // namespace millrace::testing::embedded
