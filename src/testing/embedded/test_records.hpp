// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/status.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "testing/embedded/broker/cluster.hpp"

#include <memory>
#include <string>

namespace millrace::testing::embedded {

// Writes records of a test without a producer. All functions except refuse require the cluster's
// mutex.

/// Throws Error with kind kInvalidArgument.
[[noreturn]] void refuse(const std::string& message);
void require_ok(const kafka::Status& status);

/// The partition of `record`. Calls refuse if there is none.
std::shared_ptr<PartitionLog> log_for(Cluster& cluster, const std::string& topic,
                                      const NewBrokerRecord& record);

kafka::Status append_record(Cluster& cluster, const std::shared_ptr<PartitionLog>& log,
                            const NewBrokerRecord& record, const ProducerStamp& stamp);

}  // namespace millrace::testing::embedded
