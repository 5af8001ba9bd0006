// SPDX-License-Identifier: Apache-2.0
#include "client/repartition_purger.hpp"

#include "kafka/client_supplier.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <gmock/gmock.h>

namespace millrace::client {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::SizeIs;

TEST(RepartitionPurger, DeletesCommittedRecordsOfItsRepartitionPartitionsOnly) {
    testing::EmbeddedBroker broker;
    broker.create_topic("app-x-repartition", 2);
    broker.create_topic("in", 1);
    for (int i = 0; i < 3; ++i) {
        broker.produce("in", {.key = "k", .value = "v", .partition = 0});
        for (Partition partition : {0, 1}) {
            broker.produce("app-x-repartition", {.key = "k", .value = "v", .partition = partition});
        }
    }
    const auto admin = broker.clients()->make_admin({});
    std::vector<kafka::OffsetCommit> commits;
    for (const TopicPartition& partition :
         {TopicPartition{"in", 0}, {"app-x-repartition", 0}, {"app-x-repartition", 1}}) {
        commits.push_back({.partition = partition, .offset = 2, .metadata = ""});
    }
    ASSERT_TRUE(admin->alter_group_offsets("app", commits, 1s).ok());
    topology::ApplicationTopology application;
    application.application_id = "app";
    application.sub_topologies.resize(1);
    application.sub_topologies[0].repartition_source_topics["app-x-repartition"] = {
        "app-x-repartition", {}, 0};

    RepartitionPurger purger(application, *admin);
    purger.purge({{.tasks = {{.id = {0, 0}, .inputs = {{"app-x-repartition", 0}, {"in", 0}}}}}});

    EXPECT_THAT(broker.records(TopicPartition{"app-x-repartition", 0}),
                ElementsAre(Field(&testing::BrokerRecord::offset, 2)));
    EXPECT_THAT(broker.records(TopicPartition{"app-x-repartition", 1}), SizeIs(3))
        << "another instance's";
    EXPECT_THAT(broker.records("in"), SizeIs(3)) << "not ours to delete";
}

TEST(RepartitionPurger, ContinuesWithATopicThatWasRecreated) {
    testing::EmbeddedBroker broker;
    const std::string topic = "app-x-repartition";
    const auto admin = broker.clients()->make_admin({});
    topology::ApplicationTopology application;
    application.application_id = "app";
    application.sub_topologies.resize(1);
    application.sub_topologies[0].repartition_source_topics[topic] = {topic, {}, 0};
    RepartitionPurger purger(application, *admin);
    const auto process_and_purge = [&](Offset records) {
        for (Offset offset = 0; offset < records; ++offset) {
            broker.produce(topic, {.key = "k", .value = "v", .partition = 0});
        }
        const kafka::OffsetCommit commit{
            .partition = {topic, 0}, .offset = records, .metadata = ""};
        ASSERT_TRUE(admin->alter_group_offsets("app", {&commit, 1}, 1s).ok());
        purger.purge({{.tasks = {{.id = {0, 0}, .inputs = {{topic, 0}}}}}});
    };
    broker.create_topic(topic, 1);
    process_and_purge(5);
    broker.delete_topic(topic);
    broker.create_topic(topic, 1);

    process_and_purge(2);

    EXPECT_THAT(broker.records(topic), SizeIs(0));
}

}  // namespace
}  // namespace millrace::client
