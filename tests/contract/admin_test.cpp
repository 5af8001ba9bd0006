// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include <algorithm>
#include <string>

namespace millrace::testing {
namespace {

using kafka::ErrorCode;
using kafka::Isolation;
using kafka::OffsetSpec;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Pair;
using ::testing::SizeIs;

class AdminCalls : public Contract {
  protected:
    kafka::Status create(const kafka::NewTopic& topic) {
        return require_value(admin().create_topics({&topic, 1}, kTimeout)).front();
    }

    kafka::PartitionCounts describe(const std::vector<std::string>& names) {
        return require_value(admin().describe_topics(names, kTimeout));
    }

    kafka::Status delete_before(const TopicPartition& partition, Offset offset) {
        const kafka::StartPosition before{partition, offset};
        return require_value(admin().delete_records({&before, 1}, kTimeout)).front();
    }

    Offset first_offset(const TopicPartition& partition) {
        return require_value(admin().list_offsets({&partition, 1}, OffsetSpec::kEarliest,
                                                  Isolation::kReadCommitted, kTimeout))
            .front();
    }

    kafka::Status alter(const std::string& group, const TopicPartition& partition, Offset offset) {
        const kafka::OffsetCommit commit{partition, offset, -1, "altered"};
        return admin().alter_group_offsets(group, {&commit, 1}, kTimeout);
    }

    std::map<TopicPartition, kafka::CommittedOffset> offsets_of(const std::string& group,
                                                                const std::string& topic) {
        const TopicPartition first{topic, 0};
        return require_value(admin().group_offsets(group, {&first, 1}, kTimeout));
    }

    std::string topic_with(int count) {
        const auto topic = create_topic();
        const auto producer = make_producer();
        for (int i = 0; i < count; ++i) {
            producer->send(topic, "k", std::to_string(i));
        }
        producer->flush();
        return topic;
    }
};

TEST_P(AdminCalls, CreateTopicsOnce) {
    const kafka::NewTopic topic{.name = unique("created"), .partitions = 3};

    EXPECT_TRUE(create(topic).ok());
    EXPECT_EQ(create(topic).code(), ErrorCode::kTopicExists);
    eventually("hearing of the topic", [&] { return !describe({topic.name}).empty(); });
    EXPECT_THAT(describe({topic.name, unique("missing")}), ElementsAre(Pair(topic.name, 3)));
    EXPECT_THAT(require_value(admin().list_topics(kTimeout)), Contains(Pair(topic.name, 3)));
}

TEST_P(AdminCalls, ReturnAResultForEachTopicInOrder) {
    const auto existing = create_topic();
    const std::vector<kafka::NewTopic> topics{
        {.name = unique("new")}, {.name = existing}, {.name = unique("new"), .partitions = 2}};

    const auto statuses = require_value(admin().create_topics(topics, kTimeout));

    ASSERT_THAT(statuses, SizeIs(3));
    EXPECT_TRUE(statuses[0].ok());
    EXPECT_EQ(statuses[1].code(), ErrorCode::kTopicExists);
    EXPECT_TRUE(statuses[2].ok());
}

TEST_P(AdminCalls, RefuseTopicsThatAreNotWellFormed) {
    EXPECT_EQ(create({.name = unique("bad"), .config = {{"cleanup.policy", "sometimes"}}}).code(),
              ErrorCode::kInvalidConfig);
    EXPECT_EQ(create({.name = unique("bad"), .config = {{"retention.ms", "long"}}}).code(),
              ErrorCode::kInvalidConfig);
    EXPECT_EQ(create({.name = unique("bad"), .config = {{"retention.ms", "-2"}}}).code(),
              ErrorCode::kInvalidConfig);
    EXPECT_EQ(create({.name = unique("bad"), .config = {{"no.such.setting", "1"}}}).code(),
              ErrorCode::kInvalidConfig);
    EXPECT_EQ(create({.name = "no blanks " + unique("bad")}).code(), ErrorCode::kInvalidConfig);
}

TEST_P(AdminCalls, ReturnTheSettingsOfATopic) {
    const std::map<std::string, std::string> config{{"cleanup.policy", "compact,delete"},
                                                    {"retention.ms", "86400000"},
                                                    {"segment.bytes", "52428800"}};
    const auto topic = create_topic(1, config);

    const auto shown = require_value(admin().topic_config(topic, kTimeout));

    for (const auto& setting : config) {
        EXPECT_THAT(shown, Contains(setting));
    }
}

TEST_P(AdminCalls, ReturnTheRacksOfTheReplicasOfEachPartition) {
    const auto topic = create_topic(2);
    const std::vector<std::string> names{topic, unique("missing")};

    const auto racks = require_value(admin().replica_racks(names, kTimeout));

    EXPECT_THAT(racks, ElementsAre(Pair(TopicPartition{topic, 0}, ElementsAre("")),
                                   Pair(TopicPartition{topic, 1}, ElementsAre(""))))
        << "the brokers have none";
}

TEST_P(AdminCalls, ReturnNoSettingsOfAnUnknownTopic) {
    const auto shown = admin().topic_config(unique("missing"), kTimeout);

    ASSERT_FALSE(shown.ok());
    EXPECT_EQ(shown.status().code(), ErrorCode::kUnknownTopic);
}

TEST_P(AdminCalls, ReturnTheLargestBatchThatEachTopicAccepts) {
    const auto narrow = create_topic(1, {{"max.message.bytes", "5000"}});
    const auto usual = create_topic();
    const std::vector<std::string> names{usual, unique("missing"), narrow};

    const auto limits = require_value(admin().largest_batches(names, kTimeout));

    ASSERT_THAT(limits, SizeIs(3));
    EXPECT_EQ(require_value(limits[0]), 1'048'588);
    EXPECT_EQ(limits[1].status().code(), ErrorCode::kUnknownTopic) << limits[1].status().message();
    EXPECT_THAT(limits[1].status().message(), HasSubstr(names[1]));
    EXPECT_EQ(require_value(limits[2]), 5'000);
}

TEST_P(AdminCalls, ReturnHowLongEachTopicKeepsTombstones) {
    const auto brief =
        create_topic(1, {{"cleanup.policy", "compact"}, {"delete.retention.ms", "5000"}});
    const auto both = create_topic(1, {{"cleanup.policy", "compact,delete"}});
    const auto never_compacted = create_topic(1, {{"delete.retention.ms", "5000"}});
    const std::vector<std::string> names{both, unique("missing"), brief, never_compacted};

    const auto kept = require_value(admin().removals_kept_for(names, kTimeout));

    ASSERT_THAT(kept, SizeIs(4));
    EXPECT_EQ(require_value(kept[0]), std::chrono::hours(24)) << "Kafka's default";
    EXPECT_EQ(kept[1].status().code(), ErrorCode::kUnknownTopic) << kept[1].status().message();
    EXPECT_THAT(kept[1].status().message(), HasSubstr(names[1]));
    EXPECT_EQ(require_value(kept[2]), std::chrono::milliseconds(5'000));
    EXPECT_EQ(require_value(kept[3]), std::nullopt);
}

TEST_P(AdminCalls, DeleteTopics) {
    const auto topic = topic_with(2);
    const std::vector<std::string> names{topic, unique("missing")};

    const auto statuses = require_value(admin().delete_topics(names, kTimeout));

    ASSERT_THAT(statuses, SizeIs(2));
    EXPECT_TRUE(statuses[0].ok()) << statuses[0].message();
    EXPECT_EQ(statuses[1].code(), ErrorCode::kUnknownTopic);
    eventually("the end of the topic", [&] { return describe({topic}).empty(); });
}

TEST_P(AdminCalls, ListOffsets) {
    const auto topic = topic_with(3);
    const TopicPartition partition{topic, 0};

    EXPECT_EQ(first_offset(partition), 0);
    EXPECT_EQ(end_offset(partition), 3);
    const TopicPartition missing{unique("missing"), 0};
    const auto none = admin().list_offsets({&missing, 1}, OffsetSpec::kLatest,
                                           Isolation::kReadCommitted, std::chrono::seconds(3));
    EXPECT_FALSE(none.ok());
}

TEST_P(AdminCalls, DeleteRecordsBeforeAnOffset) {
    const auto topic = topic_with(5);
    const TopicPartition partition{topic, 0};

    EXPECT_TRUE(delete_before(partition, 3).ok());

    EXPECT_EQ(first_offset(partition), 3);
    EXPECT_EQ(end_offset(partition), 5);
    EXPECT_THAT(values_of(read_all(partition)), ElementsAre("3", "4"));
    EXPECT_TRUE(delete_before(partition, 1).ok()) << "deleting again is no error";
    EXPECT_EQ(first_offset(partition), 3);
    EXPECT_EQ(delete_before(partition, 9).code(), ErrorCode::kOffsetOutOfRange);
    EXPECT_TRUE(delete_before(partition, kafka::kFromEnd).ok());
    EXPECT_EQ(first_offset(partition), 5);
}

TEST_P(AdminCalls, DeleteNoRecordsOfCompactedTopics) {
    const auto topic = create_topic(1, {{"cleanup.policy", "compact"}});

    EXPECT_EQ(delete_before({topic, 0}, 0).code(), ErrorCode::kPolicyViolation);
}

TEST_P(AdminCalls, AlterTheOffsetsOfAGroup) {
    const auto topic = topic_with(3);
    const auto group = unique("group");

    ASSERT_TRUE(alter(group, {topic, 0}, 2).ok());

    const auto offsets = offsets_of(group, topic);
    ASSERT_THAT(offsets, ElementsAre(Key(TopicPartition{topic, 0})));
    EXPECT_EQ(offsets.begin()->second.offset, 2);
}

TEST_P(AdminCalls, ReturnNoOffsetsOfAnUnknownGroup) {
    EXPECT_THAT(offsets_of(unique("missing"), create_topic()), IsEmpty());
}

TEST_P(AdminCalls, DoNotChangeGroupsWithMembers) {
    const auto topic = topic_with(3);
    const auto group = unique("group");
    const auto member = make_consumer({{"group.id", group}}, std::make_shared<TestAssignor>());
    member->subscribe(topic);
    poll_until("an assignment", {member.get()}, [&] { return !member->held().empty(); });

    EXPECT_EQ(alter(group, {topic, 0}, 2).code(), ErrorCode::kGroupNotEmpty);
    EXPECT_EQ(admin().delete_group(group, kTimeout).code(), ErrorCode::kGroupNotEmpty);
}

TEST_P(AdminCalls, DeleteGroups) {
    const auto topic = topic_with(3);
    const auto group = unique("group");
    ASSERT_TRUE(alter(group, {topic, 0}, 2).ok());

    EXPECT_TRUE(admin().delete_group(group, kTimeout).ok());

    EXPECT_THAT(offsets_of(group, topic), IsEmpty());
    EXPECT_FALSE(admin().delete_group(unique("missing"), kTimeout).ok());
}

INSTANTIATE_TEST_SUITE_P(Embedded, AdminCalls, ::testing::Values(BrokerKind::kEmbedded));
INSTANTIATE_TEST_SUITE_P(RealKafka, AdminCalls, ::testing::Values(BrokerKind::kRealKafka));

}  // namespace
}  // namespace millrace::testing
