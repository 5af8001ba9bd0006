// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

#include "millrace/state/stores.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Visits = SessionStore<Text, Text>;

/// "put" stores a session of one instant; any other value lists the key's sessions up to that time,
/// latest first.
struct Recall final : Processor<Text, Text, Text, Text> {
    void process(const Record<Text, Text>& record) override {
        auto visits = context().store<Visits>("visits");
        if (record.value == "put") {
            visits.put(record.key, {record.timestamp, record.timestamp}, "x");
            return;
        }
        Text found;
        for (const auto& row : visits.find_sessions(record.key, timestamp_of(0), record.timestamp,
                                                    RowOrder::kReverse)) {
            found += std::to_string(milliseconds_of(row.session.end)) + " ";
        }
        context().forward(record.with_value(found));
    }
};

Program recalling(const TopologyOptions& options) {
    return Program(
        [](StreamsBuilder& builder) {
            builder.add_state_store(
                stores::session_store<Text, Text>(stores::persistent_session_store("visits", 5min))
                    .with_caching());
            builder.stream<Text, Text>("in")
                .process([] { return std::make_unique<Recall>(); }, {.stores = {"visits"}})
                .to("out");
        },
        options);
}

constexpr std::int64_t kNextSegment = 150'000;

TEST(CachedSessions, AreReadBackwardsFromAnyTimeEvenIfThereAreNone) {
    Program run = recalling({});

    run.pipe("in", "a", "list", 0);
    run.pipe("in", "a", "put", 1);
    run.pipe("in", "a", "put", kNextSegment);
    run.pipe("in", "a", "list", 2);
    run.pipe("in", "a", "list", kNextSegment);

    EXPECT_THAT(run.lines("out"), ElementsAre("a=@0", "a=1 @2", "a=150000 1 @150000"));
}

TEST(CachedSessions, AreNotReadBackwardsWhereKafkaStreamsFails) {
    TopologyOptions defects;
    defects.reproduce_kafka_defects = true;

    EXPECT_THAT([&] { recalling(defects).pipe("in", "a", "list", 0); },
                ::testing::ThrowsMessage<Error>(HasSubstr("before one was put")));
    EXPECT_THAT(
        [&] {
            Program run = recalling(defects);
            run.pipe("in", "a", "put", kNextSegment);
            run.pipe("in", "a", "list", 2);
        },
        ::testing::ThrowsMessage<Error>(HasSubstr("from an older segment")));
}

}  // namespace
}  // namespace millrace
