// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/error.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EmbeddedTransactions : public ::testing::Test {
  protected:
    EmbeddedTransactions() { broker.create_topic("in", 2); }

    std::vector<std::string> values(RecordsShown shown = RecordsShown::kCommitted) const {
        std::vector<std::string> all;
        for (const auto& record : broker.records(TopicPartition{"in", 0}, shown)) {
            all.push_back(record.value.value_or("null"));
        }
        return all;
    }

    static NewBrokerRecord record(std::string value, Partition partition = 0) {
        return {.value = std::move(value), .partition = partition};
    }

    EmbeddedBroker broker{{.time = BrokerTime::kManual}};
};

TEST_F(EmbeddedTransactions, ShowTheirRecordsOnceTheyAreCommitted) {
    auto transaction = broker.begin_transaction();
    transaction.produce("in", record("a"));
    transaction.produce("in", record("b"));
    EXPECT_THAT(values(), IsEmpty());
    EXPECT_THAT(values(RecordsShown::kAll), ElementsAre("a", "b"));

    transaction.commit();

    EXPECT_THAT(values(), ElementsAre("a", "b"));
}

TEST_F(EmbeddedTransactions, NeverShowTheirRecordsWhenAborted) {
    auto transaction = broker.begin_transaction();
    transaction.produce("in", record("a"));

    transaction.abort();

    EXPECT_THAT(values(), IsEmpty());
    EXPECT_THAT(values(RecordsShown::kAll), ElementsAre("a"));
}

TEST_F(EmbeddedTransactions, EndWithAnOffsetInEachPartitionWrittenTo) {
    auto first = broker.begin_transaction();
    first.produce("in", record("a", 0));
    first.produce("in", record("b", 1));
    first.commit();
    auto second = broker.begin_transaction();
    second.produce("in", record("c", 1));
    second.abort();

    EXPECT_EQ(broker.end_offset({"in", 0}), 2);
    EXPECT_EQ(broker.end_offset({"in", 1}), 4);
}

TEST_F(EmbeddedTransactions, HoldBackRecordsAfterTheirFirstRecord) {
    broker.produce("in", record("before"));
    auto open = broker.begin_transaction();
    auto other = broker.begin_transaction();
    open.produce("in", record("open"));
    other.produce("in", record("other"));
    other.commit();
    EXPECT_THAT(values(), ElementsAre("before"));

    open.commit();

    EXPECT_THAT(values(), ElementsAre("before", "open", "other"));
}

TEST_F(EmbeddedTransactions, AreAbortedWhenDestroyedOpen) {
    {
        auto transaction = broker.begin_transaction();
        transaction.produce("in", record("a"));
    }
    broker.produce("in", record("b"));

    EXPECT_THAT(values(), ElementsAre("b"));
}

TEST_F(EmbeddedTransactions, AcceptNothingAfterTheirEnd) {
    auto transaction = broker.begin_transaction("writer");
    transaction.commit();

    EXPECT_THROW(transaction.produce("in", record("a")), Error);
    EXPECT_THROW(transaction.commit(), Error);
    EXPECT_THROW(transaction.abort(), Error);
    EXPECT_EQ(transaction.transactional_id(), "writer");
}

TEST_F(EmbeddedTransactions, AreAbortedOnTimeout) {
    auto transaction = broker.begin_transaction();
    transaction.produce("in", record("a"));

    broker.advance(std::chrono::minutes(2));

    EXPECT_THROW(transaction.commit(), Error);
    EXPECT_EQ(broker.end_offset({"in", 0}), 2);
    EXPECT_THAT(values(), IsEmpty());
}

TEST_F(EmbeddedTransactions, AreFencedByALaterOneOfTheirId) {
    auto earlier = broker.begin_transaction("writer");
    earlier.produce("in", record("a"));
    auto later = broker.begin_transaction("writer");
    later.produce("in", record("b"));

    EXPECT_THROW(earlier.produce("in", record("c")), Error);
    EXPECT_THROW(earlier.commit(), Error);
    later.commit();

    EXPECT_THAT(values(), ElementsAre("b"));
}

TEST_F(EmbeddedTransactions, RefuseRecordsThatTheBrokerRefuses) {
    auto transaction = broker.begin_transaction();

    EXPECT_THROW(transaction.produce("nowhere", record("a")), Error);
    EXPECT_THROW(transaction.produce("in", record("a", 7)), Error);
}

}  // namespace
}  // namespace millrace::testing
