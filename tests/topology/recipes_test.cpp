// SPDX-License-Identifier: Apache-2.0

// The code of docs/writing-applications.md.
#include "driver.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Devices = TimestampedKeyValueStore<Text, Text>;

// Keeps the latest value of each device, until the device has been silent for a day.
struct ForgetSilentDevices final : Processor<Text, Text, Text, MaybeText> {
    void init(Context& context) override {
        devices.emplace(context.store<Devices>("devices"));
        context.schedule({.interval = 1min, .type = PunctuationType::kStreamTime},
                         [this](Timestamp now) { forget(now); });
    }
    void process(const Record<Text, Text>& record) override {
        devices->put(record.key, {record.value, record.timestamp});
        const MaybeText value = record.value;
        context().forward(record.with_value(value));
    }
    void forget(Timestamp now) {
        std::vector<Text> silent;
        for (const auto& [key, row] : devices->all()) {
            if (now - row.timestamp >= 24h) {
                silent.push_back(key);
            }
        }
        const MaybeText none;
        const Headers no_headers;
        for (const Text& key : silent) {
            devices->erase(key);
            context().forward({key, none, now, no_headers});
        }
    }
    std::optional<Devices> devices;
};

TEST(Recipes, RowsOfATableExpire) {
    Program run([](StreamsBuilder& builder) {
        builder.add_state_store(stores::timestamped_key_value_store<Text, Text>(
            stores::persistent_key_value_store("devices")));
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<ForgetSilentDevices>(); },
                     {.stores = {"devices"}})
            .to("out");
    });
    const std::int64_t day = 24h / 1ms;
    run.pipe("in", "a", "1", 0);
    run.pipe("in", "b", "2", day / 2);
    run.lines("out");
    run.pipe("in", "c", "3", day);

    EXPECT_THAT(run.lines("out"),
                ElementsAre("c=3@" + std::to_string(day), "a=-@" + std::to_string(day)));
}

// Reports a device that has been silent for ten seconds of wall-clock time: one timer for all keys.
struct TellOfSilence final : Processor<Text, Text, Text, Text> {
    void init(Context& context) override {
        deadlines.emplace(context.store<KeyValueStore<Text, std::int64_t>>("deadlines"));
        context.schedule({.interval = 1s, .type = PunctuationType::kWallClock},
                         [this](Timestamp now) { tell(now); });
    }
    void process(const Record<Text, Text>& record) override {
        deadlines->put(record.key, milliseconds_of(context().wall_clock() + 10s));
    }
    void tell(Timestamp now) {
        std::vector<Text> due;
        for (const auto& [key, deadline] : deadlines->all()) {
            if (timestamp_of(deadline) <= now) {
                due.push_back(key);
            }
        }
        const Text silent = "silent";
        const Headers no_headers;
        for (const Text& key : due) {
            deadlines->erase(key);
            context().forward({key, silent, now, no_headers});
        }
    }
    std::optional<KeyValueStore<Text, std::int64_t>> deadlines;
};

TEST(Recipes, EachKeyHasATimer) {
    Program run([](StreamsBuilder& builder) {
        builder.add_state_store(stores::key_value_store<Text, std::int64_t>(
            stores::persistent_key_value_store("deadlines")));
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<TellOfSilence>(); }, {.stores = {"deadlines"}})
            .to("out");
    });
    run.pipe("in", "a", "1", 0);
    run.driver().advance_wall_clock(9s);
    run.pipe("in", "b", "1", 0);
    EXPECT_THAT(run.lines("out"), IsEmpty());

    run.driver().advance_wall_clock(1s);
    EXPECT_THAT(run.lines("out"), ElementsAre("a=silent@10000"));
    run.driver().advance_wall_clock(60s);
    EXPECT_THAT(run.lines("out"), ElementsAre("b=silent@70000"));
}

// Runs once, ten seconds after the start of the task.
struct OnceAfterTheStart final : Processor<Text, Text, Text, Text> {
    void init(Context& context) override {
        timer = context.schedule({.interval = 10s, .type = PunctuationType::kWallClock},
                                 [this](Timestamp now) {
                                     timer.cancel();
                                     const Text key = "started";
                                     const Headers no_headers;
                                     this->context().forward({key, key, now, no_headers});
                                 });
    }
    void process(const Record<Text, Text>&) override {}
    Cancellable timer;
};

TEST(Recipes, AOneShotTimerRunsOnce) {
    Program run([](StreamsBuilder& builder) {
        builder.stream<Text, Text>("in")
            .process([] { return std::make_unique<OnceAfterTheStart>(); })
            .to("out");
    });
    for (int i = 0; i < 5; ++i) {
        run.driver().advance_wall_clock(10s);
    }

    EXPECT_THAT(run.lines("out"), ElementsAre("started=started@10000"));
}

}  // namespace
}  // namespace millrace
