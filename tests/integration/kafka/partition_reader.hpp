// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace::testing {

/// A consumer with all partitions of one topic, manually assigned from the beginning.
struct Reader {
    Reader(kafka::ClientSupplier& clients, const std::string& topic, Partition partitions = 1,
           const kafka::ClientSettings& settings = {})
        : consumer(clients.make_consumer(settings, nullptr)) {
        std::vector<kafka::StartPosition> starts;
        for (Partition p = 0; p < partitions; ++p) {
            starts.push_back({{topic, p}});
        }
        const kafka::Status status = consumer->assign(starts, listener);
        EXPECT_TRUE(status.ok()) << status.message();
    }

    RecordingConsumerListener listener;
    std::unique_ptr<kafka::Consumer> consumer;
};

}  // namespace millrace::testing
