// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_client_supplier.hpp"

#include "core/log.hpp"
#include "kafka/rdkafka/rd_admin.hpp"
#include "kafka/rdkafka/rd_consumer.hpp"
#include "kafka/rdkafka/rd_producer.hpp"
#include "kafka/rdkafka/redaction.hpp"

#include <utility>

namespace millrace::kafka {
namespace {

class RdClientSupplier final : public ClientSupplier {
  public:
    explicit RdClientSupplier(ClientSettings common) : common_(std::move(common)) {}

    std::unique_ptr<Consumer> make_consumer(const ClientSettings& settings,
                                            std::shared_ptr<GroupAssignor> assignor) override {
        return std::make_unique<RdConsumer>(complete(settings, "consumer"), std::move(assignor));
    }

    std::unique_ptr<Producer> make_producer(const ClientSettings& settings,
                                            ProducerListener& listener) override {
        return std::make_unique<RdProducer>(complete(settings, "producer"), listener);
    }

    std::unique_ptr<Admin> make_admin(const ClientSettings& settings) override {
        return std::make_unique<RdAdmin>(complete(settings, "admin client"));
    }

  private:
    ClientSettings complete(const ClientSettings& settings, const char* what) const {
        ClientSettings all = settings;
        all.insert(common_.begin(), common_.end());
        if (log::debug_enabled()) {
            log::debug(std::string("creating a Kafka ") + what + ": " + describe_settings(all));
        }
        return all;
    }

    const ClientSettings common_;
};

}  // namespace

std::shared_ptr<ClientSupplier> rdkafka_clients(ClientSettings common) {
    return std::make_shared<RdClientSupplier>(std::move(common));
}

}  // namespace millrace::kafka
