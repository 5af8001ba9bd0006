// SPDX-License-Identifier: Apache-2.0

// Exactly-once: a fault of each kind in each request of a transaction.
#include "support/exactly_once_application.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using testing::BrokerFault;
using testing::BrokerOperation;
using testing::FaultMoment;

struct Fault {
    BrokerOperation operation;
    BrokerFault fault;
    FaultMoment moment;
    std::chrono::milliseconds commit_interval = 20ms;  // Two producers take turns.
};

class ExactlyOnceFaults : public support::ExactlyOnceApplication,
                          public ::testing::WithParamInterface<Fault> {};

TEST_P(ExactlyOnceFaults, NeitherLosesNorDoubles) {
    const auto [operation, fault, moment, commit_interval] = GetParam();
    create_topics(2);
    if (operation == BrokerOperation::kInitTransactions) {
        broker.fail_next(operation, fault, moment);
    }
    auto settings = exactly_once();
    settings.commit_interval = commit_interval;
    const auto streams = client(counting_topology(on_record), settings);
    streams->start();
    for (int round = 1; round <= 3; ++round) {
        produce_rounds(10);
        ASSERT_TRUE(processed.wait_for(round * 10 * kKeys));
        broker.fail_next(operation, fault, moment);
        produce_rounds(10);
        ASSERT_TRUE(eventually([&] { return all_input_is_committed(); }));
    }
    EXPECT_TRUE(streams->close(60s));
    expect_each_record_counted_once();
}

std::vector<Fault> faults() {
    std::vector<Fault> all;
    for (const auto moment : {FaultMoment::kBefore, FaultMoment::kAfter}) {
        for (const auto fault : {BrokerFault::kTimedOut, BrokerFault::kTransport,
                                 BrokerFault::kNotReady, BrokerFault::kFenced}) {
            for (const auto operation :
                 {BrokerOperation::kSendOffsets, BrokerOperation::kCommitTransaction,
                  BrokerOperation::kInitTransactions, BrokerOperation::kProduce}) {
                all.push_back({operation, fault, moment});
            }
        }
        for (const auto fault : {BrokerFault::kUnknownMember, BrokerFault::kIllegalGeneration,
                                 BrokerFault::kRebalanceInProgress}) {
            all.push_back({BrokerOperation::kSendOffsets, fault, moment});
        }
    }
    for (const auto fault :
         {BrokerFault::kTimedOut, BrokerFault::kTransport, BrokerFault::kFenced}) {
        for (const auto operation :
             {BrokerOperation::kSendOffsets, BrokerOperation::kCommitTransaction}) {
            all.push_back({operation, fault, FaultMoment::kAfter, 100ms});  // One producer.
        }
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(EveryFault, ExactlyOnceFaults, ::testing::ValuesIn(faults()));

}  // namespace
}  // namespace millrace
