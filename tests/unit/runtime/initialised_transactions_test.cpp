// SPDX-License-Identifier: Apache-2.0

// Exactly-once: a transaction that an earlier producer has left open delays no task.
#include "support/driven_threads.hpp"

#include <gmock/gmock.h>

namespace millrace::support {
namespace {

using namespace std::chrono_literals;
using testing::BrokerFault;
using testing::BrokerOperation;
using testing::FaultMoment;

class InitialisedTransactions : public DrivenThreads {
  protected:
    InitialisedTransactions() {
        consumer_settings["isolation.level"] = "read_committed";
        producer_settings["transactional.id"] = "app-1";
        faults.committed = [this] {
            ++offsets_read;
            return kafka::Status{};
        };
    }

    void run_without_coordinator(int turns) {
        for (int turn = 0; turn < turns; ++turn) {
            broker.fail_next(BrokerOperation::kInitTransactions, BrokerFault::kTimedOut);
            run(1);
        }
    }

    int offsets_read = 0;
};

TEST_F(InitialisedTransactions, ComeBeforeAMemberJoins) {
    add_thread();
    run_without_coordinator(20);
    EXPECT_EQ(threads.front()->state(), runtime::ThreadState::kStarting);
    EXPECT_EQ(offsets_read, 0);

    ASSERT_TRUE(run_until_running());
    produce_keys(8);
    EXPECT_TRUE(run_until([this] { return table("out").size() == 8; }));
}

TEST_F(InitialisedTransactions, ComeBeforeTasksContinueWithANewProducer) {
    add_thread();
    ASSERT_TRUE(run_until_running());
    produce_keys(8);
    ASSERT_TRUE(run_until([this] { return committed() == 8; }));

    produce_keys(8);
    broker.fail_next(BrokerOperation::kCommitTransaction, BrokerFault::kTimedOut,
                     FaultMoment::kBefore);
    const int before = offsets_read;
    run_without_coordinator(50);
    EXPECT_EQ(processed, 16) << "they were not committed";
    EXPECT_EQ(offsets_read, before);

    ASSERT_TRUE(run_until([this] { return committed() == 16; }));
    EXPECT_GT(offsets_read, before);
    EXPECT_EQ(processed, 24);
}

}  // namespace
}  // namespace millrace::support
