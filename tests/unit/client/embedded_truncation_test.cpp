// SPDX-License-Identifier: Apache-2.0
#include "millrace/core/logging.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::Events;
using ::testing::ElementsAre;
using ::testing::Pair;

const TopicPartition kInput{"in", 0};

/// An application that has committed offset 100 of a partition whose log ends at 50 after an
/// unclean leader election.
class EmbeddedTruncation : public support::EmbeddedApplication {
  protected:
    EmbeddedTruncation() {
        create_topics(1);
        set_log_sink([this](LogLevel, std::string_view line) {
            if (line.find(
                    "the log of in-0 was truncated: offset 100 was reached in leader epoch 0, "
                    "which ends at offset 50") != std::string_view::npos) {
                told.happened();
            }
        });
    }
    ~EmbeddedTruncation() override { set_log_sink({}); }

    std::unique_ptr<KafkaStreams> relay() {
        return client(support::relay_topology(on_record), config());
    }

    void process_a_hundred(KafkaStreams& streams) {
        streams.start();
        produce("old", 100);
        ASSERT_TRUE(processed.wait_for(100));
    }

    void truncate() {
        broker.truncate(kInput, 50);
        produce("new", 60);
    }

    Events told;
};

TEST_F(EmbeddedTruncation, SkipsNoNewRecordAfterARestart) {
    auto streams = relay();
    process_a_hundred(*streams);
    ASSERT_TRUE(streams->close(60s));
    ASSERT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(kInput, 100)));
    truncate();

    streams = relay();
    streams->start();

    EXPECT_TRUE(processed.wait_for(100 + 110)) << "from the beginning, as the policy says";
    EXPECT_EQ(told.count(), 1);
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(kInput, 110)));
}

TEST_F(EmbeddedTruncation, SkipsNoNewRecordWhileItRuns) {
    const auto streams = relay();
    process_a_hundred(*streams);

    truncate();

    EXPECT_TRUE(processed.wait_for(100 + 110));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(kInput, 110)));
}

TEST_F(EmbeddedTruncation, EndsTheThreadWhenThePolicyIsNone) {
    auto streams = relay();
    process_a_hundred(*streams);
    ASSERT_TRUE(streams->close(60s));
    truncate();
    auto strict = config();
    strict.set("auto.offset.reset", "none");

    streams = client(support::relay_topology(on_record), strict);
    keep_errors(*streams);
    streams->start();

    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_THAT(errors(), ElementsAre(::testing::HasSubstr("the reset policy is none")));
    EXPECT_EQ(told.count(), 1);
    EXPECT_TRUE(streams->close(60s));
    EXPECT_EQ(processed.count(), 100);
}

TEST_F(EmbeddedTruncation, IsDetectedAtAnOffsetCommittedAfterATransactionMarker) {
    auto transaction = broker.begin_transaction();
    for (int record = 0; record < 99; ++record) {
        transaction.produce("in", {.key = "old", .value = "v"});
    }
    transaction.commit();
    auto streams = relay();
    streams->start();
    ASSERT_TRUE(processed.wait_for(99));
    ASSERT_TRUE(streams->close(60s));
    ASSERT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(kInput, 100)));
    truncate();

    streams = relay();
    streams->start();

    EXPECT_TRUE(processed.wait_for(99 + 110)) << "from the beginning, as the policy says";
    EXPECT_EQ(told.count(), 1);
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedTruncation, IsNotReportedWhenOnlyATransactionMarkerHasALaterEpoch) {
    auto transaction = broker.begin_transaction();
    transaction.produce("in", {.key = "a", .value = "v"});
    broker.truncate(kInput, 1);  // Loses no records.
    transaction.commit();
    auto streams = relay();
    streams->start();
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->close(60s));
    ASSERT_THAT(broker.committed_offsets("app"), ElementsAre(Pair(kInput, 2)));

    streams = relay();
    streams->start();
    produce("b");

    EXPECT_TRUE(processed.wait_for(2));
    EXPECT_TRUE(streams->close(60s));
    EXPECT_EQ(processed.count(), 2) << "nothing is repeated";
}

TEST_F(EmbeddedTruncation, OfAChangelogBelowTheStoredOffsetRebuildsTheStore) {
    Events rebuilt;
    set_log_sink([&](LogLevel, std::string_view line) {
        if (line.find("rebuilding store counts of task 0_0 from its changelog: the stored offset "
                      "is not in the changelog: stored offset 4, changelog from 0 to 2") !=
            std::string_view::npos) {
            rebuilt.happened();
        }
    });
    auto streams = counter();
    streams->start();
    for (int record = 0; record < 5; ++record) {
        produce("a");
        ASSERT_TRUE(processed.wait_for(record + 1));
    }
    ASSERT_TRUE(streams->close(60s));
    broker.truncate({"app-counts-changelog", 0}, 2);

    streams = counter();
    streams->start();
    produce("a");
    ASSERT_TRUE(processed.wait_for(6));
    EXPECT_EQ(rebuilt.count(), 1);
    EXPECT_EQ(metric(*streams, "restore-records-total"), 2);
    EXPECT_TRUE(streams->close(60s));
    EXPECT_EQ(table("out")["a"], "3") << "the count in the changelog plus one";
}

}  // namespace
}  // namespace millrace
