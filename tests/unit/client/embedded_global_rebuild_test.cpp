// SPDX-License-Identifier: Apache-2.0

// Global stores whose state on disk cannot be used: they are filled again.
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "unit/client/global_restart_fixture.hpp"

#include <filesystem>
#include <fstream>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST_F(EmbeddedGlobalRestart, RebuildsFromATopicThatWasCreatedAgain) {
    broker.create_topic("names", 1);
    send("a", "1");
    send("b", "1");
    run();
    broker.delete_topic("names");
    broker.create_topic("names", 1);
    send("c", "1");

    EXPECT_THAT(run(), ElementsAre(Pair("c", "1")));
    EXPECT_THAT(log(),
                HasSubstr("partition 0 was read up to offset 2, and has records from 0 to 1"));
}

TEST_F(EmbeddedGlobalRestart, RebuildsFromATopicWithFewerPartitions) {
    broker.create_topic("names", 2);
    send("a", "1", 0);
    run();
    broker.delete_topic("names");
    broker.create_topic("names", 1);
    send("c", "1");
    send("d", "1");

    EXPECT_THAT(run(), ElementsAre(Pair("c", "1"), Pair("d", "1")));
    EXPECT_THAT(log(), HasSubstr("the topic had 2 partitions and has 1"));
}

TEST_F(EmbeddedGlobalRestart, RebuildsFromATopicWhoseNextRecordsWerePurged) {
    broker.create_topic("names", 1);
    send("a", "1");
    run();
    send("b", "1");
    send("c", "1");
    const auto admin = broker.clients()->make_admin({{"bootstrap.servers", "embedded"}});
    const kafka::StartPosition before{{"names", 0}, 2};
    ASSERT_TRUE(admin->delete_records({&before, 1}, 60s).ok());

    EXPECT_THAT(run(), ElementsAre(Pair("c", "1")));
    EXPECT_THAT(log(),
                HasSubstr("partition 0 was read up to offset 1, and has records from 2 to 3"));
}

TEST_F(EmbeddedGlobalRestart, RebuildsFromATopicThatWasTruncated) {
    broker.create_topic("names", 2);
    send("kept", "1", 1);
    send("a", "1", 0);
    send("b", "1", 0);
    run();
    seen();
    broker.truncate({"names", 0}, 1);
    send("c", "1", 0);
    send("d", "1", 0);

    EXPECT_THAT(run(),
                ElementsAre(Pair("a", "1"), Pair("c", "1"), Pair("d", "1"), Pair("kept", "1")));
    EXPECT_THAT(log(), HasSubstr("the log of names-0 was truncated"));
}

TEST_F(EmbeddedGlobalRestart, RebuildsAtTheNextStartAfterRecordsWereLostAtRunTime) {
    broker.create_topic("names", 1);
    send("a", "1");
    send("b", "1");
    {
        const auto streams = client(names(), config());
        keep_errors(*streams);
        streams->start();
        broker.truncate({"names", 0}, 1);
        ASSERT_TRUE(uncaught.wait_for(1));
        EXPECT_TRUE(streams->close(60s));
        EXPECT_THAT(errors(), ElementsAre(HasSubstr("the next start reads the topic")));
    }
    send("c", "1");
    EXPECT_THAT(run(), ElementsAre(Pair("a", "1"), Pair("c", "1")));
}

TEST_F(EmbeddedGlobalRestart, DoesNotRestoreRowsThatWereDeletedLongAgo) {
    broker.create_topic("names", 1, {{"cleanup.policy", "compact"}, {"delete.retention.ms", "1"}});
    send("a", "1");
    send("b", "1");
    run();
    send("a", std::nullopt);
    send("c", "1");
    while (broker.records("names").size() > 2) {
        broker.clean_logs();
        std::this_thread::yield();
    }

    EXPECT_THAT(run(), ElementsAre(Pair("b", "1"), Pair("c", "1")));
    EXPECT_THAT(log(), HasSubstr("delete.retention.ms of topic names is 1"));
}

TEST_F(EmbeddedGlobalRestart, RebuildsAStoreOfAnotherKind) {
    broker.create_topic("names", 1);
    send("a", "1");
    run();
    StreamsBuilder builder;
    builder.global_table<Text, Text>("names", {.store = "names"});
    EXPECT_THAT(run(std::move(builder).build()), ElementsAre(Pair("a", "1")));
}

TEST_F(EmbeddedGlobalRestart, RebuildsAStoreOfOtherTypes) {
    broker.create_topic("names", 1);
    send("a", "1");
    StreamsBuilder before;
    before.global_table<Text, std::int32_t>("names", {.store = "names"});
    auto tolerant = config();
    tolerant.deserialization_exception_handler = log_and_continue;
    {
        const auto streams = client(std::move(before).build(), tolerant);
        streams->start();
        EXPECT_TRUE(streams->close(60s));
    }
    StreamsBuilder after;
    after.global_table<Text, Text>("names", {.store = "names"});
    EXPECT_THAT(run(std::move(after).build()), ElementsAre(Pair("a", "1")));
}

TEST_F(EmbeddedGlobalRestart, ReadsEverythingWhenItsFilesAreDamaged) {
    broker.create_topic("names", 1);
    send("a", "1");
    run();
    seen();
    for (const auto& file :
         std::filesystem::directory_iterator(state_dir / "one" / "app" / "global" / "db")) {
        if (file.path().filename().string().starts_with("MANIFEST")) {
            std::ofstream(file.path(), std::ios::trunc) << "damaged";
        }
    }

    EXPECT_THAT(run(), ElementsAre(Pair("a", "1")));
    EXPECT_THAT(seen(), ElementsAre("a=1"));
}

}  // namespace
}  // namespace millrace
