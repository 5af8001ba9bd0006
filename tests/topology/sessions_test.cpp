// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include "millrace/state/stores.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Text label(const SessionWindowed<Text>& session) {
    return session.key + std::to_string(milliseconds_of(session.window.start)) + "-" +
           std::to_string(milliseconds_of(session.window.end));
}

struct Label {
    template <class V>
    Text operator()(const SessionWindowed<Text>& session, const V&) const {
        return label(session);
    }
};

SessionWindowedKStream<Text, Text> sessions(StreamsBuilder& builder, SessionWindows windows) {
    return builder.stream<Text, Text>("in").group_by_key().windowed_by(windows);
}

void count(StreamsBuilder& builder, SessionWindows windows, EmitStrategy strategy,
           StoreEngine engine = StoreEngine::kDefault) {
    sessions(builder, windows)
        .emit_strategy(strategy)
        .count({.engine = engine, .caching = false})
        .to_stream_by(Label())
        .to("out");
}

TEST(Sessions, AreMergedByARecordThatConnectsThem) {
    Program run([](StreamsBuilder& builder) {
        count(builder, SessionWindows::of(10ms).grace(20ms), EmitStrategy::kOnWindowUpdate);
    });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 20);
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-0=1@0", "a20-20=1@20"));

    run.pipe("in", "a", "3", 10);
    EXPECT_THAT(run.lines<std::int64_t>("out"),
                ElementsAre("a0-0=-@0", "a20-20=-@20", "a0-20=3@20"));
}

TEST(Sessions, ReplaceNothingWhenOneRecordRepeatsAnother) {
    Program run([](StreamsBuilder& builder) {
        count(builder, SessionWindows::of(10ms), EmitStrategy::kOnWindowUpdate);
    });
    run.pipe("in", "a", "1", 5);
    run.pipe("in", "a", "2", 5);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a5-5=1@5", "a5-5=2@5"));
}

TEST(Sessions, MergeAfterTheInitialValueAndBeforeTheRecordsOwn) {
    Program run([](StreamsBuilder& builder) {
        sessions(builder, SessionWindows::of(10ms).grace(50ms))
            .aggregate(
                Text("i"), [](const Text& so_far, const Text& value) { return so_far + value; },
                [](const Text& one, const Text& other) { return "(" + one + "|" + other + ")"; },
                {.caching = false})
            .to_stream_by(Label())
            .to("out");
    });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 20);
    run.lines("out");
    run.pipe("in", "a", "3", 10);

    EXPECT_THAT(run.lines("out"), ElementsAre("a0-0=-@0", "a20-20=-@20", "a0-20=((i|i1)|i2)3@20"));
}

// As in Kafka Streams, which removes them from the store before it calls the aggregator.
TEST(Sessions, ThatARecordConnectsAreRemovedWhenItsAggregatorFails) {
    for (const bool caching : {false, true}) {
        Program run(
            [&](StreamsBuilder& builder) {
                sessions(builder, SessionWindows::of(10ms))
                    .aggregate(
                        Text(),
                        [](const Text& so_far, const Text& value) {
                            return value == "bad" ? throw std::runtime_error("bad")
                                                  : so_far + value;
                        },
                        [](const Text& one, const Text& other) { return one + other; },
                        {.caching = caching})
                    .to_stream_by(Label())
                    .to("out");
            },
            {}, {{"processing.exception.handler", "log-and-continue"}});
        run.pipe("in", "a", "1", 0);
        run.pipe("in", "a", "bad", 5);
        run.pipe("in", "a", "2", 6);

        EXPECT_THAT(run.lines("out"), ElementsAre("a0-0=1@0", "a0-0=-@0", "a6-6=2@6"));
    }
}

// gap 10, grace 5: a session is open while stream time is less than 15 past its end.
TEST(Sessions, AcceptALateRecordThatExtendsAnOpenSession) {
    Program run([](StreamsBuilder& builder) {
        count(builder, SessionWindows::of(10ms).grace(5ms), EmitStrategy::kOnWindowUpdate);
    });
    run.pipe("in", "a", "1", 20);
    run.pipe("in", "b", "2", 34);
    run.lines<std::int64_t>("out");

    run.pipe("in", "a", "3", 12);
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a20-20=-@20", "a12-20=2@20"));

    run.pipe("in", "c", "4", 12);
    EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());
    EXPECT_EQ(run.driver().dropped_records(), 1U);
}

// gap 10, grace 10: at 38, the store has dropped the session that ended at 11, but its cache has
// not.
TEST(Sessions, ThatHaveExpiredAreVisibleInTheCacheOfEveryStore) {
    for (const StoreEngine engine : {StoreEngine::kRocksDb, StoreEngine::kInMemory}) {
        Program run([engine](StreamsBuilder& builder) {
            sessions(builder, SessionWindows::of(10ms).grace(10ms))
                .count({.engine = engine})
                .to_stream_by(Label())
                .to("out");
        });
        run.pipe("in", "b", "1", 11);
        run.pipe("in", "d", "2", 38);
        run.lines<std::int64_t>("out");

        run.pipe("in", "b", "3", 21);
        EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("b11-21=2@21"));
    }
}

TEST(SessionsOnClose, AreSentOnceWhenTimeHasPassedEndGapAndGrace) {
    Program run([](StreamsBuilder& builder) {
        count(builder, SessionWindows::of(10ms).grace(5ms), EmitStrategy::kOnWindowClose);
    });
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "a", "2", 9);
    run.pipe("in", "b", "3", 24);
    EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());

    run.pipe("in", "b", "4", 25);
    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-9=2@9"));
}

// The session ends exactly at the edge of the store's retention.
TEST(SessionsOnClose, AreNeverLostInAnyStore) {
    for (const StoreEngine engine : {StoreEngine::kRocksDb, StoreEngine::kInMemory}) {
        Program run([&](StreamsBuilder& builder) {
            count(builder, SessionWindows::of(10ms).grace(5ms), EmitStrategy::kOnWindowClose,
                  engine);
        });
        run.pipe("in", "a", "1", 0);
        run.pipe("in", "b", "2", 15);
        EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());
        run.pipe("in", "c", "3", 1'000'000);

        EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-0=1@0", "b15-15=1@15"));
    }
}

TEST(SessionsOnClose, AreLostInMemoryWhereKafkaStreamsLosesThem) {
    TopologyOptions defects;
    defects.reproduce_kafka_defects = true;
    Program run(
        [](StreamsBuilder& builder) {
            count(builder, SessionWindows::of(10ms).grace(5ms), EmitStrategy::kOnWindowClose,
                  StoreEngine::kInMemory);
        },
        defects);
    run.pipe("in", "a", "1", 1);
    run.pipe("in", "b", "2", 16);  // The retained range starts where the closed range ends.
    run.pipe("in", "c", "3", 1'000'000);

    EXPECT_THAT(run.lines<std::int64_t>("out"), IsEmpty());
}

TEST(SessionsOnClose, AreSentFromRowsInMemoryWhereKafkaStreamsReadsThemFromDisk) {
    TopologyOptions defects;
    defects.reproduce_kafka_defects = true;
    Program run(
        [](StreamsBuilder& builder) {
            count(builder, SessionWindows::of(10ms).grace(5ms), EmitStrategy::kOnWindowClose);
        },
        defects,
        {{"statestore.cache.max.bytes", "100000"},
         {"__emit.interval.ms.kstreams.windowed.aggregation__", "0"}});
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "b", "2", 40);

    EXPECT_THAT(run.lines<std::int64_t>("out"), ElementsAre("a0-0=1@0"));
}

// If stores keep headers, the headers of the stored session are sent: none.
TEST(Sessions, LeaveACacheWithTheHeadersOfTheRecordUnlessTheStoreKeepsHeaders) {
    for (const char* format : {"DEFAULT", "HEADERS"}) {
        Program run(
            [](StreamsBuilder& builder) {
                sessions(builder, SessionWindows::of(10ms)).count().to_stream_by(Label()).to("out");
            },
            {}, {{"dsl.store.format", format}});
        testing::BytesRecord record{.topic = "in", .key = "a", .value = "1"};
        record.timestamp = timestamp_of(1);
        record.headers.add("h", "x");
        run.driver().pipe(record);

        const auto out = run.driver().output_topic<Text, std::int64_t>("out").drain_records();
        ASSERT_EQ(out.size(), 1U);
        EXPECT_EQ(out[0].headers.empty(), std::string_view(format) == "HEADERS");
    }
}

TEST(Sessions, OfSeveralStreamsHaveOneStore) {
    Program run([](StreamsBuilder& builder) {
        const auto add = [](const Text& so_far, const Text& value) { return so_far + value; };
        builder.stream<Text, Text>("x")
            .group_by_key()
            .cogroup<Text>(add)
            .cogroup(builder.stream<Text, Text>("y").group_by_key(), add)
            .windowed_by(SessionWindows::of(10ms))
            .aggregate(Text(), [](const Text& one, const Text& other) { return one + other; },
                       {.caching = false})
            .to_stream_by(Label())
            .to("out");
    });
    run.pipe("x", "a", "1", 0);
    run.pipe("y", "a", "2", 5);

    EXPECT_THAT(run.lines("out"), ElementsAre("a0-0=1@0", "a0-0=-@0", "a0-5=12@5"));
}

TEST(Sessions, AreRefusedWhenTheRetentionOfTheStoreIsTooShort) {
    StreamsBuilder builder;
    const auto windowed = sessions(builder, SessionWindows::of(10ms).grace(5ms));

    EXPECT_THROW(windowed.count({.retention = 14ms}), TopologyError);
}

// Fills its store with overlapping sessions and records what it returns.
struct SessionReader final : Processor<Text, Text, Text, Text> {
    using Store = SessionStore<Text, Text>;

    void process(const Record<Text, Text>& record) override {
        Store store = context().store<Store>("sessions");
        put(store, 0, 5);
        put(store, 3, 5);
        put(store, 20, 30);
        say("all", store.fetch("a"));
        say("backwards", store.fetch("a", RowOrder::kReverse));
        say("touched", store.find_sessions("a", timestamp_of(5), timestamp_of(2)));
        say("all keys", store.fetch_range(std::nullopt, std::nullopt));
        store.erase("a", session(3, 5));
        say("one", store.fetch_session("a", session(0, 5)));
        say("none", store.fetch_session("a", session(3, 5)));
        forward(record.key, store.name());
    }

  private:
    static SessionWindow session(std::int64_t start, std::int64_t end) {
        return {timestamp_of(start), timestamp_of(end)};
    }
    static void put(Store& store, std::int64_t start, std::int64_t end) {
        store.put("a", session(start, end), std::to_string(start));
    }
    void say(const Text& what, Store::Iterator rows) {
        Text seen;
        for (const auto& row : rows) {
            seen += row.key + row.value + " ";
        }
        forward(what, seen);
    }
    void say(const Text& what, const MaybeText& value) { forward(what, value.value_or("-")); }
    void forward(const Text& key, const Text& value) {
        context().forward({key, value, timestamp_of(0), no_headers_});
    }

    Headers no_headers_;
};

std::vector<Text> seen_by_processor(const SessionStoreSupplier& supplier) {
    Program run([&](StreamsBuilder& builder) {
        builder.add_state_store(stores::session_store<Text, Text>(supplier));
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<SessionReader>(); }, {.stores = {"sessions"}})
            .to("out");
    });
    run.pipe("in", "k", "v", 30);
    return run.lines("out");
}

TEST(SessionStore, OnDiskIteratesByEndThenStart) {
    EXPECT_THAT(seen_by_processor(stores::persistent_session_store("sessions", 1s)),
                ElementsAre("all=a0 a3 a20 @0", "backwards=a20 a3 a0 @0", "touched=a0 @0",
                            "all keys=a0 a3 a20 @0", "one=0@0", "none=-@0", "k=sessions@0"));
}

TEST(SessionStore, InMemoryIteratesByEndAndTheLatestStartFirst) {
    EXPECT_THAT(seen_by_processor(stores::in_memory_session_store("sessions", 1s)),
                ElementsAre("all=a3 a0 a20 @0", "backwards=a20 a0 a3 @0", "touched=a0 @0",
                            "all keys=a3 a0 a20 @0", "one=0@0", "none=-@0", "k=sessions@0"));
}

TEST(SessionStore, IsRefusedWithANegativeRetention) {
    EXPECT_THROW(stores::in_memory_session_store("sessions", -1ms), TopologyError);
}

}  // namespace
}  // namespace millrace
