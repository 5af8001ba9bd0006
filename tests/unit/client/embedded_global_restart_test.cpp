// SPDX-License-Identifier: Apache-2.0

// Global stores that resume from their state on disk.
#include "kafka/admin.hpp"
#include "kafka/client_supplier.hpp"
#include "millrace/client/query.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

using Text = std::string;
using Names = ReadOnlyKeyValueStore<Text, Text>;
using Rows = std::map<Text, Text>;

/// An application with the global store "names", filled from the topic "names".
class EmbeddedGlobalRestart : public support::EmbeddedApplication {
  protected:
    EmbeddedGlobalRestart() {
        create_topics(1);
        set_log_sink([this](LogLevel, std::string_view line) {
            if (line.find("from its beginning") != std::string_view::npos) {
                const std::scoped_lock lock(mutex_);
                log_ += line;
            }
        });
    }
    ~EmbeddedGlobalRestart() override { set_log_sink({}); }

    /// Stores its records and logs them.
    class Fill final : public Processor<Text, std::optional<Text>> {
      public:
        explicit Fill(EmbeddedGlobalRestart& test) : test_(test) {}

        void process(const Record<Text, std::optional<Text>>& record) override {
            auto names = context().store<KeyValueStore<Text, Text>>("names");
            if (record.value) {
                names.put(record.key, *record.value);
            } else {
                names.erase(record.key);
            }
            test_.got(record.key + "=" + record.value.value_or("null"));
        }

      private:
        EmbeddedGlobalRestart& test_;
    };

    Topology names(KeyValueStoreSupplier where = stores::persistent_key_value_store("names")) {
        StreamsBuilder builder;
        builder.add_global_store<Text, std::optional<Text>>(
            stores::key_value_store<Text, Text>(std::move(where)), "names",
            [this] { return std::make_unique<Fill>(*this); });
        builder.stream<Text, Text>("in").to("out");
        return std::move(builder).build();
    }

    void send(const std::string& key, const NullableOwnedBytes& value,
              std::optional<Partition> partition = std::nullopt) {
        broker.produce("names", {.key = key, .value = value, .partition = partition});
    }

    void got(const std::string& record) {
        if (record == failing) {
            throw std::runtime_error("refused");
        }
        const std::scoped_lock lock(mutex_);
        seen_.push_back(record);
    }

    /// What the processor received since the last call.
    std::vector<std::string> seen() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(seen_, {});
    }

    std::string log() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(log_, {});
    }

    static Rows rows(const KafkaStreams& streams) {
        Rows rows;
        for (const auto& [key, value] : streams.store<Names>("names").all()) {
            rows[key] = value;
        }
        return rows;
    }

    /// The rows once start() has returned.
    Rows run(const Topology& topology) {
        const auto streams = client(topology, config());
        streams->start();
        Rows found = rows(*streams);
        EXPECT_TRUE(streams->close(60s));
        return found;
    }
    Rows run() { return run(names()); }

    std::string failing;

  private:
    std::mutex mutex_;  // Guards the rest.
    std::vector<std::string> seen_;
    std::string log_;
};

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
