// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "testing/embedded/clients/embedded_clients.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing::simulated {

/// The Kafka clients of one process: they can be cut off from the brokers together. Their names
/// differ from those of the same instance before a restart.
class CountedClients final : public kafka::ClientSupplier {
  public:
    CountedClients(std::shared_ptr<embedded::Cluster> cluster, std::string suffix)
        : cluster_(std::move(cluster)), clients_(cluster_), suffix_(std::move(suffix)) {}

    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override {
        return clients_.make_consumer(named(settings), std::move(assignor));
    }
    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override {
        return clients_.make_producer(named(settings), listener);
    }
    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override {
        return clients_.make_admin(named(settings));
    }

    void disconnect() {
        const auto lock = cluster_->lock();
        connected_ = false;
        for (const std::string& id : ids_) {
            cluster_->disconnect(id);
        }
    }
    void reconnect() {
        const auto lock = cluster_->lock();
        connected_ = true;
        for (const std::string& id : ids_) {
            cluster_->reconnect(id);
        }
    }

  private:
    kafka::ClientSettings named(kafka::ClientSettings settings) {
        std::string& id = settings["client.id"];
        id += suffix_;
        ids_.push_back(id);
        if (!connected_) {
            const auto lock = cluster_->lock();
            cluster_->disconnect(id);
        }
        return settings;
    }

    std::shared_ptr<embedded::Cluster> cluster_;
    embedded::EmbeddedClients clients_;
    std::string suffix_;
    std::vector<std::string> ids_;
    bool connected_ = true;
};

}  // namespace millrace::testing::simulated
