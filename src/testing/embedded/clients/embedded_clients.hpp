// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "testing/embedded/broker/cluster.hpp"

#include <memory>

namespace millrace::testing::embedded {

/// Creates clients of one embedded broker. Thread-safe.
class EmbeddedClients final : public kafka::ClientSupplier {
  public:
    explicit EmbeddedClients(std::shared_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}

    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override;
    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override;
    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override;

  private:
    const std::shared_ptr<Cluster> cluster_;
};

}  // namespace millrace::testing::embedded
