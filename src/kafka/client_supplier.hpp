// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/admin.hpp"
#include "kafka/consumer.hpp"
#include "kafka/producer.hpp"

#include <map>
#include <memory>
#include <string>

namespace millrace::kafka {

/// Settings of a client in librdkafka's names ("bootstrap.servers", "group.id", "isolation.level").
/// The embedded broker reads those that apply to it and ignores the others.
using ClientSettings = std::map<std::string, std::string>;

/// Creates clients of one cluster: Apache Kafka through librdkafka, or the embedded broker.
///
/// Errors: ConfigError with the name of a refused setting; secret values are not shown. Clients
/// connect in the background: an unreachable cluster is not an error here. Thread-safe.
class ClientSupplier {
  public:
    virtual ~ClientSupplier() = default;

    /// `assignor` may be null for a consumer that never subscribes. Otherwise the consumer shares
    /// ownership.
    virtual std::unique_ptr<Consumer> make_consumer(const ClientSettings& settings,
                                                    std::shared_ptr<GroupAssignor> assignor) = 0;

    /// `listener` must outlive the producer.
    virtual std::unique_ptr<Producer> make_producer(const ClientSettings& settings,
                                                    ProducerListener& listener) = 0;
    virtual std::unique_ptr<Admin> make_admin(const ClientSettings& settings) = 0;
};

}  // namespace millrace::kafka
