// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"

#include <memory>
#include <utility>

namespace millrace::support {

/// Creates the clients of another supplier: for tests that override one of the calls.
class ForwardingClients : public kafka::ClientSupplier {
  public:
    explicit ForwardingClients(std::shared_ptr<kafka::ClientSupplier> to) : to_(std::move(to)) {}

    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override {
        return to_->make_consumer(settings, std::move(assignor));
    }
    std::unique_ptr<kafka::Producer> make_producer(const kafka::ClientSettings& settings,
                                                   kafka::ProducerListener& listener) override {
        return to_->make_producer(settings, listener);
    }
    std::unique_ptr<kafka::Admin> make_admin(const kafka::ClientSettings& settings) override {
        return to_->make_admin(settings);
    }

  private:
    std::shared_ptr<kafka::ClientSupplier> to_;
};

}  // namespace millrace::support
