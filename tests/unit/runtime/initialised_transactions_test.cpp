// SPDX-License-Identifier: Apache-2.0

// Exactly-once: a transaction that an earlier producer has left open delays no task.
#include "support/driven_threads.hpp"

#include <gmock/gmock.h>

namespace millrace::support {
namespace {

using namespace std::chrono_literals;
using testing::BrokerFault;
using testing::BrokerOperation;

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

}  // namespace
}  // namespace millrace::support
