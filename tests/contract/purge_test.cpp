// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <string>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PurgedRecords : public Contract {};

TEST_P(PurgedRecords, AreReportedAndDoNotArriveWhileLaterOnesDo) {
    const auto topic = create_topic();
    const auto producer = make_producer({{"linger.ms", "10000"}});
    Offset acknowledged = -1;
    kafka::ProducerRecord record;
    record.topic = (*producer)->topic(topic);
    record.partition = 0;
    record.value = "never";
    record.acknowledged = &acknowledged;
    require_ok((*producer)->send(record));
    producer->send(topic, "k", "nor this");

    (*producer)->purge();

    ASSERT_THAT(producer->failed(), SizeIs(2));
    EXPECT_EQ(producer->failed()[0].status.code(), ErrorCode::kPurged);
    EXPECT_EQ(producer->failed()[1].status.code(), ErrorCode::kPurged);
    producer->send(topic, "k", "later");
    producer->flush();
    EXPECT_THAT(values_of(read_all({topic, 0})), ElementsAre("later"));
    EXPECT_EQ(acknowledged, -1);
    EXPECT_THAT(producer->errors(), IsEmpty());
}

TEST_P(PurgedRecords, AreNoneWhenEverythingWasAcknowledged) {
    const auto topic = create_topic();
    const auto producer = make_producer();
    producer->send(topic, "k", "there");
    producer->flush();

    (*producer)->purge();

    EXPECT_THAT(producer->failed(), IsEmpty());
    EXPECT_THAT(values_of(read_all({topic, 0})), ElementsAre("there"));
}

INSTANTIATE_TEST_SUITE_P(Embedded, PurgedRecords, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, PurgedRecords, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
