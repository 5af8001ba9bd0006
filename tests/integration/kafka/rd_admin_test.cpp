// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace millrace::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

TEST(RdAdmin, CreatesDescribesListsAndDeletesTopics) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({});
    const std::array<kafka::NewTopic, 2> topics{
        kafka::NewTopic{.name = unique_name("one")},
        kafka::NewTopic{.name = unique_name("three"), .partitions = 3}};

    const auto created = admin->create_topics(topics, kPatience);
    ASSERT_TRUE(created.ok()) << created.status().message();
    EXPECT_TRUE(created.value().at(0).ok() && created.value().at(1).ok());

    const std::array<std::string, 3> names{topics[0].name, topics[1].name, "not-there"};
    EXPECT_THAT(admin->describe_topics(names, kPatience).value(),
                ElementsAre(Pair(topics[0].name, 1), Pair(topics[1].name, 3)));
    EXPECT_THAT(admin->list_topics(kPatience).value(),
                AllOf(Contains(Pair(topics[0].name, 1)), Contains(Pair(topics[1].name, 3))));

    const auto deleted = admin->delete_topics(names, kPatience);
    ASSERT_TRUE(deleted.ok()) << deleted.status().message();
    EXPECT_TRUE(deleted.value().at(0).ok());
    EXPECT_EQ(deleted.value().at(2).code(), kafka::ErrorCode::kUnknownTopic);
    // The brokers delete it some time later.
    EXPECT_TRUE(
        poll_until({}, [&] { return admin->describe_topics(names, kPatience).value().empty(); }));
}

TEST(RdAdmin, ReportsAnExistingTopicOrARefusedConfiguration) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({});
    const std::string there = make_topic(*clients, "there");
    const std::array<kafka::NewTopic, 3> topics{
        kafka::NewTopic{.name = there},
        kafka::NewTopic{.name = unique_name("bad"), .config = {{"cleanup.policy", "nonsense"}}},
        kafka::NewTopic{.name = unique_name("replicas"), .replication_factor = 5}};

    const auto created = admin->create_topics(topics, kPatience);

    ASSERT_TRUE(created.ok()) << created.status().message();
    EXPECT_EQ(created.value().at(0).code(), kafka::ErrorCode::kTopicExists);
    EXPECT_EQ(created.value().at(1).code(), kafka::ErrorCode::kInvalidConfig);
    EXPECT_EQ(created.value().at(2).code(), kafka::ErrorCode::kInvalidConfig);
}

TEST(RdAdmin, ReadsTheConfigurationThatWasSetOnATopic) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({});
    const std::string topic = make_topic(
        *clients, "configured", 1, {{"cleanup.policy", "compact"}, {"segment.bytes", "1048576"}});

    // A broker sees a new topic shortly after it was created.
    ASSERT_TRUE(poll_until({}, [&] { return admin->topic_config(topic, kPatience).ok(); }));
    const auto config = admin->topic_config(topic, kPatience);
    ASSERT_TRUE(config.ok()) << config.status().message();
    EXPECT_THAT(config.value(),
                ElementsAre(Pair("cleanup.policy", "compact"), Pair("segment.bytes", "1048576")));
    EXPECT_EQ(admin->topic_config("not-there", kPatience).status().code(),
              kafka::ErrorCode::kUnknownTopic);
}

TEST(RdAdmin, DeletesRecordsAndListsOffsets) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({});
    const std::string topic = make_topic(*clients, "purge", 2);
    send_values(*clients, {topic, 0}, {"a", "b", "c"});
    const std::array<TopicPartition, 2> both{TopicPartition{topic, 1}, TopicPartition{topic, 0}};

    const kafka::StartPosition before{{topic, 0}, 2};
    const auto deleted = admin->delete_records({&before, 1}, kPatience);

    ASSERT_TRUE(deleted.ok()) << deleted.status().message();
    EXPECT_TRUE(deleted.value().at(0).ok());
    EXPECT_THAT(admin
                    ->list_offsets(both, kafka::OffsetSpec::kEarliest,
                                   kafka::Isolation::kReadUncommitted, kPatience)
                    .value(),
                ElementsAre(0, 2));
    EXPECT_THAT(admin
                    ->list_offsets(both, kafka::OffsetSpec::kLatest,
                                   kafka::Isolation::kReadUncommitted, kPatience)
                    .value(),
                ElementsAre(0, 3));
    const kafka::StartPosition beyond{{topic, 0}, 99};
    EXPECT_EQ(admin->delete_records({&beyond, 1}, kPatience).value().at(0).code(),
              kafka::ErrorCode::kOffsetOutOfRange);
    const TopicPartition missing{"not-there", 0};
    const auto none = admin->list_offsets({&missing, 1}, kafka::OffsetSpec::kLatest,
                                          kafka::Isolation::kReadUncommitted, kPatience);
    EXPECT_EQ(none.status().code(), kafka::ErrorCode::kUnknownTopic) << none.status().message();
}

TEST(RdAdmin, SetsReadsAndDeletesTheOffsetsOfAGroup) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({});
    const std::string topic = make_topic(*clients, "group-offsets", 2);
    const std::string group = unique_name("group");
    const std::vector<TopicPartition> both{{topic, 0}, {topic, 1}};
    EXPECT_THAT(admin->group_offsets(group, both, kPatience).value(), IsEmpty());

    const kafka::OffsetCommit offset{{topic, 1}, 12, -1, "m"};
    const kafka::Status set = admin->alter_group_offsets(group, {&offset, 1}, kPatience);
    ASSERT_TRUE(set.ok()) << set.message();
    EXPECT_THAT(admin->group_offsets(group, both, kPatience).value(),
                ElementsAre(Pair(TopicPartition{topic, 1},
                                 AllOf(Field(&kafka::CommittedOffset::offset, Optional(Offset{12})),
                                       Field(&kafka::CommittedOffset::metadata, "m")))));

    const kafka::Status deleted = admin->delete_group(group, kPatience);
    EXPECT_TRUE(deleted.ok()) << deleted.message();
    EXPECT_THAT(admin->group_offsets(group, both, kPatience).value(), IsEmpty());
}

TEST(RdAdmin, DoesNotChangeTheOffsetsOfAGroupWithMembers) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({});
    const std::string topic = make_topic(*clients, "busy");
    const std::string group = unique_name("group");
    RecordingConsumerListener listener;
    const auto consumer =
        clients->make_consumer({{"group.id", group}}, std::make_shared<ToyAssignor>("x"));
    ASSERT_TRUE(consumer->subscribe({.topics = {topic}}, listener).ok());
    ASSERT_TRUE(poll_until({consumer.get()}, [&] { return !listener.owned.empty(); }));

    const kafka::OffsetCommit offset{{topic, 0}, 12, -1, ""};

    EXPECT_EQ(admin->alter_group_offsets(group, {&offset, 1}, kPatience).code(),
              kafka::ErrorCode::kGroupNotEmpty);
    EXPECT_EQ(admin->delete_group(group, kPatience).code(), kafka::ErrorCode::kGroupNotEmpty);
}

TEST(RdAdmin, MayBeUsedByManyThreadsConcurrently) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({});
    const std::string topic = make_topic(*clients, "shared", 2);
    std::array<bool, 4> right{};
    std::vector<std::thread> threads;
    for (auto& mine : right) {
        threads.emplace_back([&] {
            mine = true;
            for (int i = 0; i < 10; ++i) {
                const auto counts = admin->describe_topics({&topic, 1}, kPatience);
                mine = mine && counts.ok() && counts.value().at(topic) == 2;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }

    EXPECT_THAT(right, ::testing::Each(true));
}

TEST(RdAdmin, TimesOutWhenNoBrokerResponds) {
    const auto clients = real_clients();
    const auto admin = clients->make_admin({{"bootstrap.servers", "127.0.0.1:1"}});
    const std::string name = "any";

    const auto begin = std::chrono::steady_clock::now();
    const auto counts = admin->describe_topics({&name, 1}, milliseconds(500));

    EXPECT_EQ(counts.status().code(), kafka::ErrorCode::kTimedOut) << counts.status().message();
    EXPECT_TRUE(counts.status().retriable());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(3000));
}

}  // namespace
}  // namespace millrace::testing
