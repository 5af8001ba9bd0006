// SPDX-License-Identifier: Apache-2.0

// Processors that put rows with times before the epoch, which Kafka and a restore would refuse.
#include "driver.hpp"
#include "millrace/state/stores.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Context = ProcessorContext<Text, Text>;
using Put = std::function<void(Context&)>;

/// Calls `put`, and forwards the record.
class Puts final : public Processor<Text, Text, Text, Text> {
  public:
    explicit Puts(Put put) : put_(std::move(put)) {}

    void process(const Record<Text, Text>& record) override {
        put_(context());
        context().forward(record);
    }

  private:
    Put put_;
};

/// A record whose processor calls `put` on `store`, which is called "rows".
template <class Store>
std::vector<Text> output_of(const StoreBuilder<Store>& store, const Put& put) {
    Program run([&](StreamsBuilder& builder) {
        builder.add_state_store(store);
        builder.stream<Text, Text>("in")
            .process([put] { return std::make_unique<Puts>(put); }, {.stores = {"rows"}})
            .to("out");
    });
    run.pipe("in", "a", "x", 5);
    return run.lines("out");
}

template <class Store>
void expect_refused(const StoreBuilder<Store>& store, const Put& put, const Text& reason) {
    EXPECT_THAT([&] { output_of(store, put); },
                ThrowsMessage<std::exception>(AllOf(HasSubstr("store rows"), HasSubstr(reason))));
}

using Windows = WindowStore<Text, Text>;
using Sessions = SessionStore<Text, Text>;
using Versions = VersionedKeyValueStore<Text, Text>;
using Timestamped = TimestampedKeyValueStore<Text, Text>;
using TimestampedWindows = TimestampedWindowStore<Text, Text>;

Put window(std::int64_t start) {
    return [start](Context& context) {
        context.store<Windows>("rows").put("k", timestamp_of(start), "v");
    };
}

Put session(std::int64_t start, std::int64_t end) {
    return [start, end](Context& context) {
        context.store<Sessions>("rows").put("k", {timestamp_of(start), timestamp_of(end)}, "v");
    };
}

TEST(NegativeTimes, OfWindowsAreRefusedByThePut) {
    for (const auto& supplier : {stores::persistent_window_store("rows", 5min, 1min),
                                 stores::in_memory_window_store("rows", 5min, 1min)}) {
        const auto store = stores::window_store<Text, Text>(supplier);
        for (const bool caching : {false, true}) {
            const auto rows = store.with_caching(caching);
            expect_refused(rows, window(-1), "start -1");
            expect_refused(rows, window(-600'000), "start -600000");
            EXPECT_THAT(output_of(rows, window(0)), ElementsAre("a=x@5"));
        }
    }
}

TEST(NegativeTimes, OfSessionsAreRefusedByThePut) {
    for (const auto& supplier : {stores::persistent_session_store("rows", 5min),
                                 stores::in_memory_session_store("rows", 5min)}) {
        const auto rows = stores::session_store<Text, Text>(supplier);
        expect_refused(rows, session(-1, 3), "start -1, end 3");
        expect_refused(rows, session(-600'000, -600'000), "start -600000, end -600000");
        expect_refused(rows, session(4, 3), "start 4, end 3");
        EXPECT_THAT(output_of(rows, session(0, 0)), ElementsAre("a=x@5"));
    }
}

TEST(NegativeTimes, OfVersionsAreRefusedByThePut) {
    for (const auto& supplier : {stores::persistent_versioned_store("rows", 5min),
                                 stores::in_memory_versioned_store("rows", 5min)}) {
        const auto rows = stores::versioned_key_value_store<Text, Text>(supplier);
        const auto put = [](std::int64_t time) -> Put {
            return [time](Context& context) {
                context.store<Versions>("rows").put("k", "v", timestamp_of(time));
            };
        };
        expect_refused(rows, put(-1), "timestamp -1");
        expect_refused(rows, put(-600'000), "timestamp -600000");
        expect_refused(
            rows,
            [](Context& context) { context.store<Versions>("rows").erase("k", timestamp_of(-1)); },
            "timestamp -1");
        EXPECT_THAT(output_of(rows, put(0)), ElementsAre("a=x@5"));
    }
}

TEST(NegativeTimes, OfValuesAreRefusedBeforeTheyAreLogged) {
    const auto put = [](std::int64_t time) -> Put {
        return [time](Context& context) {
            context.store<Timestamped>("rows").put("k", {"v", timestamp_of(time)});
        };
    };
    const auto rows =
        stores::timestamped_key_value_store<Text, Text>(stores::persistent_key_value_store("rows"));
    expect_refused(rows, put(-1), "timestamp -1");
    expect_refused(rows.with_caching(), put(-1), "timestamp -1");
    EXPECT_THAT(output_of(rows, put(0)), ElementsAre("a=x@5"));

    expect_refused(
        stores::timestamped_window_store<Text, Text>(
            stores::persistent_window_store("rows", 5min, 1min)),
        [](Context& context) {
            context.store<TimestampedWindows>("rows").put("k", timestamp_of(0),
                                                          {"v", timestamp_of(-7)});
        },
        "timestamp -7");
}

}  // namespace
}  // namespace millrace
