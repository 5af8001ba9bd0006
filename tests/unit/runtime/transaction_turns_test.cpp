// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/task_errors.hpp"
#include "unit/runtime/producer_collector_fixture.hpp"

namespace millrace::runtime {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// Transactions of a collector, one after the other.
class TransactionTurns : public ProducerCollectorTest {
  protected:
    TransactionTurns() { producer_settings["transactional.id"] = "id"; }

    void commit(ProducerCollector& collector, const std::string& key) const {
        ASSERT_TRUE(collector.initialise(1s));
        collector.send(collector.topic("out"), record(key));
        ASSERT_TRUE(collector.flush(1s));
        ASSERT_TRUE(collector.commit_transaction({}, {}, 1s).ok());
    }

    void fence(const std::string& id) {
        others.push_back(broker.clients()->make_producer({{"transactional.id", id}}, ignore_));
        ASSERT_TRUE(others.back()->init_transactions(1s).ok());
    }

    std::vector<std::string> keys() const {
        std::vector<std::string> all;
        for (const auto& each : broker.records("out")) {
            all.push_back(*each.key);
        }
        return all;
    }

    std::vector<std::unique_ptr<kafka::Producer>> others;

  private:
    struct Ignore final : kafka::ProducerListener {
        void on_failed_delivery(const kafka::FailedDelivery&) override {}
        void on_error(const kafka::Status&) override {}
    };
    mutable Ignore ignore_;
};

TEST_F(TransactionTurns, AreTakenByTwoProducers) {
    take_turns = true;
    ProducerCollector collector = make();
    ASSERT_TRUE(collector.initialise(1s));
    fence("id-2");
    commit(collector, "first");

    EXPECT_THROW(commit(collector, "second"), RestartFromCommit) << "the second one is fenced";
    collector.reset();
    ASSERT_TRUE(collector.initialise(1s));
    fence("id");
    EXPECT_THROW(commit(collector, "again"), RestartFromCommit) << "the first one begins";
    collector.reset();
    for (const char* key : {"a", "b", "c", "d", "e"}) {
        commit(collector, key);
    }
    EXPECT_THAT(keys(), UnorderedElementsAre("first", "a", "b", "c", "d", "e"));
}

TEST_F(TransactionTurns, AreNotTakenByOne) {
    ProducerCollector collector = make();
    ASSERT_TRUE(collector.initialise(1s));
    fence("id-2");
    commit(collector, "first");
    commit(collector, "second");

    EXPECT_THAT(keys(), UnorderedElementsAre("first", "second"));
}

TEST_F(TransactionTurns, EndWithAnAbortOfTheOpenTransaction) {
    take_turns = true;
    for (int committed = 0; committed < 3; ++committed) {
        ProducerCollector collector = make();
        for (int i = 0; i < committed; ++i) {
            commit(collector, "committed");
        }
        ASSERT_TRUE(collector.initialise(1s));
        collector.send(collector.topic("out"), record("aborted"));
        collector.abort_transaction(1s);
        commit(collector, "last");
    }
    EXPECT_THAT(keys(), SizeIs(1 + 2 + 3));
    EXPECT_THAT(keys(), Not(Contains("aborted")));
}

}  // namespace
}  // namespace millrace::runtime
