// SPDX-License-Identifier: Apache-2.0

// ProducerCollector while its producer's queue is full.
#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "runtime/commit/producer_collector.hpp"
#include "runtime/task/task_errors.hpp"

#include <gmock/gmock.h>

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;

class FullQueue : public ::testing::Test {
  protected:
    FullQueue() {
        broker.create_topic("out");
        broker.set_available(false);
    }

    ProducerCollector make(std::function<void()> while_full) {
        return ProducerCollector({.supplier = broker.clients(),
                                  .producer_settings = {{"queue.buffering.max.messages", "3"}},
                                  .settings = std::make_shared<TaskSettings>(),
                                  .dropped = std::make_shared<metrics::Counter>(),
                                  .clock = &clock,
                                  .while_full = std::move(while_full),
                                  .metadata_timeout = 100ms});
    }

    static void send(ProducerCollector& collector, int records) {
        for (int i = 0; i < records; ++i) {
            collector.send(collector.topic("out"), {.key = {},
                                                    .value = "v",
                                                    .timestamp = {},
                                                    .headers = nullptr,
                                                    .partition = 0,
                                                    .partition_key = {},
                                                    .acknowledged = nullptr});
        }
    }

    testing::EmbeddedBroker broker{{.time = testing::BrokerTime::kManual}};
    ManualClock clock;
};

TEST_F(FullQueue, BlocksUntilThereIsRoom) {
    int waits = 0;
    ProducerCollector collector = make([&] {
        clock.advance(100ms);
        if (++waits == 3) {
            broker.set_available(true);
        }
    });

    send(collector, 10);

    EXPECT_EQ(waits, 3);
    ASSERT_TRUE(collector.flush(1s));
    EXPECT_EQ(broker.records("out").size(), 10U);
}

TEST_F(FullQueue, StopsBlockingWhenTheCallerCancels) {
    ProducerCollector collector = make([&] { throw RestartFromCommit("stopping"); });

    EXPECT_THROW(send(collector, 10), RestartFromCommit);
}

TEST_F(FullQueue, CallsTheProductionHandlerWhenTimeDoesNotAdvance) {
    ProducerCollector collector = make([] {});

    EXPECT_THROW(send(collector, 10), RestartFromCommit);
}

}  // namespace
}  // namespace millrace::runtime
