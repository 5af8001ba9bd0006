// SPDX-License-Identifier: Apache-2.0

// Global stores that resume from their state on disk.
#include "unit/client/global_restart_fixture.hpp"

#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST_F(EmbeddedGlobalRestart, ReadsOnlyWhatIsNew) {
    broker.create_topic("names", 2);
    send("a", "1", 0);
    send("b", "1", 1);
    EXPECT_THAT(run(), ElementsAre(Pair("a", "1"), Pair("b", "1")));
    EXPECT_THAT(seen(), UnorderedElementsAre("a=1", "b=1"));

    send("a", "2", 0);
    send("b", std::nullopt, 1);
    send("c", "1", 1);
    EXPECT_THAT(run(), ElementsAre(Pair("a", "2"), Pair("c", "1")));
    EXPECT_THAT(seen(), UnorderedElementsAre("a=2", "b=null", "c=1"));

    EXPECT_THAT(run(), ElementsAre(Pair("a", "2"), Pair("c", "1")));
    EXPECT_THAT(seen(), IsEmpty());
    EXPECT_EQ(log(), "");
}

TEST_F(EmbeddedGlobalRestart, DoesNotRepeatRecordsThatArrivedAtRunTime) {
    broker.create_topic("names", 1);
    {
        const auto streams = client(names(), config());
        streams->start();
        send("a", "1");
        while (rows(*streams).empty()) {
            std::this_thread::yield();
        }
        EXPECT_TRUE(streams->close(60s));
    }
    EXPECT_THAT(seen(), ElementsAre("a=1"));
    EXPECT_THAT(run(), ElementsAre(Pair("a", "1")));
    EXPECT_THAT(seen(), IsEmpty());
}

TEST_F(EmbeddedGlobalRestart, ReportsTheStartPositionToTheListener) {
    broker.create_topic("names", 1);
    send("a", "1");
    send("b", "1");
    run();
    send("c", "1");

    std::vector<std::string> reported;
    const auto streams = client(names(), config());
    streams->set_state_restore_listener(
        {.on_restore_start =
             [&](const TopicPartition& partition, const Text& store, Offset start, Offset end) {
                 reported.push_back(store + " " + to_string(partition) + " " +
                                    std::to_string(start) + " " + std::to_string(end));
             },
         .on_restore_end = [&](const TopicPartition&, const Text&,
                               std::int64_t total) { reported.push_back(std::to_string(total)); }});
    streams->start();
    EXPECT_TRUE(streams->close(60s));
    EXPECT_THAT(reported, ElementsAre("names names-0 2 3", "1"));
}

TEST_F(EmbeddedGlobalRestart, ReadsEverythingIntoAStoreInMemory) {
    broker.create_topic("names", 1);
    send("a", "1");
    for (int run_number = 0; run_number < 2; ++run_number) {
        EXPECT_THAT(run(names(stores::in_memory_key_value_store("names"))),
                    ElementsAre(Pair("a", "1")));
        EXPECT_THAT(seen(), ElementsAre("a=1"));
    }
}

TEST_F(EmbeddedGlobalRestart, ReadsNewPartitionsFromTheirBeginning) {
    broker.create_topic("names", 1);
    send("a", "1");
    run();
    seen();
    broker.add_partitions("names", 2);
    send("b", "1", 1);

    EXPECT_THAT(run(), ElementsAre(Pair("a", "1"), Pair("b", "1")));
    EXPECT_THAT(seen(), ElementsAre("b=1"));
}

TEST_F(EmbeddedGlobalRestart, ReadsOnlyWhatIsNewWhileTombstonesAreKept) {
    broker.create_topic("names", 1, {{"cleanup.policy", "compact"}});
    send("a", "1");
    send("b", "1");
    run();
    seen();
    send("a", std::nullopt);

    EXPECT_THAT(run(), ElementsAre(Pair("b", "1")));
    EXPECT_THAT(seen(), ElementsAre("a=null"));
}

TEST_F(EmbeddedGlobalRestart, KeepsSkippedWhatTheHandlerSkipped) {
    broker.create_topic("names", 1);
    send("a", std::string("\0\0\0\1", 4));
    send("b", "unreadable");
    const auto numbers = [] {
        StreamsBuilder builder;
        builder.global_table<Text, std::int32_t>("names", {.store = "names"});
        return std::move(builder).build();
    };
    for (const bool tolerant : {true, false}) {
        auto with = config();
        if (tolerant) {
            with.deserialization_exception_handler = log_and_continue;
        }
        const auto streams = client(numbers(), with);
        streams->start();
        EXPECT_THAT((streams->store<ReadOnlyKeyValueStore<Text, std::int32_t>>("names").all()),
                    ElementsAre(Pair("a", 1)));
        EXPECT_TRUE(streams->close(60s));
    }
}

TEST_F(EmbeddedGlobalRestart, RepeatsTheRecordThatCouldNotBeProcessed) {
    broker.create_topic("names", 1);
    send("a", "1");
    run();
    seen();
    send("b", "1");
    send("c", "1");
    failing = "c=1";
    {
        const auto streams = client(names(), config());
        EXPECT_ANY_THROW(streams->start());
        EXPECT_TRUE(streams->close(60s));
    }
    failing.clear();
    seen();

    EXPECT_THAT(run(), ElementsAre(Pair("a", "1"), Pair("b", "1"), Pair("c", "1")));
    EXPECT_THAT(seen(), ElementsAre("b=1", "c=1"));
}

TEST_F(EmbeddedGlobalRestart, ReadsEverythingAfterACleanUp) {
    broker.create_topic("names", 1);
    send("a", "1");
    run();
    seen();
    {
        const auto streams = client(names(), config());
        streams->clean_up();
        streams->start();
        EXPECT_THAT(rows(*streams), ElementsAre(Pair("a", "1")));
        EXPECT_TRUE(streams->close(60s));
        EXPECT_THAT(seen(), ElementsAre("a=1"));
    }
    EXPECT_THAT(run(), ElementsAre(Pair("a", "1")));
    EXPECT_THAT(seen(), IsEmpty());
}

}  // namespace
}  // namespace millrace
