// SPDX-License-Identifier: Apache-2.0

// Every value of every setting with named values has its effect: in a client, and in the driver. A
// setting without a row here fails the last test.
#include "client/settings/settings_table.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "support/embedded_application.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <set>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Timestamp kRunsSince = timestamp_of(1'000'000'000'000);
const std::string kHeaderValue = "the value of a header";
const std::string kNumber{"\0\0\0\0\0\0\0\7", 8};

/// The results of a run.
struct Outcome {
    std::vector<std::string> lines{};
    std::string error{};  ///< The exception; empty: none.
};

/// What a run is judged by.
enum class Shown { kOutput, kFilesOfState, kHeadersOnDisk, kInternalTopics };

struct Input {
    std::string value;
    std::int64_t time = 1;
    std::string topic = "in";
};

/// A value of a setting and its effect.
struct Effect {
    std::string setting;
    std::string value;  ///< Millrace's spelling.
    std::function<void(StreamsBuilder&)> program;
    std::vector<Input> inputs;
    std::vector<std::string> lines;
    std::string error{};  ///< A part of it.
    Shown shown = Shown::kOutput;
};

void pass_on(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").to("out");
}

void pass_numbers(StreamsBuilder& builder) {
    builder.stream<std::string, std::int64_t>("in").to("out");
}

void refuse_x(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in")
        .map_values([](const std::string& value) {
            if (value == "x") {
                throw std::runtime_error("no x");
            }
            return value;
        })
        .to("out");
}

class UnwritableSerde final : public CustomSerde<std::string> {
  public:
    Bytes serialize(const std::string& value) const override {
        if (value == "x") {
            throw SerdeError("no x");
        }
        return value;
    }
    std::string deserialize(BytesView bytes) const override { return std::string(bytes); }
};

void cannot_write_x(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").to(
        "out", {.value_serde = std::make_shared<UnwritableSerde>()});
}

void count(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").group_by_key().count({.store = "counts"});
}

/// Its stores have headers if stores store them.
void join(StreamsBuilder& builder) {
    const auto stream = builder.stream<std::string, std::string>("in");
    stream
        .join(stream, [](const std::string& l, const std::string& r) { return l + r; },
              JoinWindows::of(1ms).grace(0ms), {.store = "self"})
        .to("out");
}

void optimisable(StreamsBuilder& builder) {
    builder.table<std::string, std::string>("in", {.store = "rows"});
    const auto stream = builder.stream<std::string, std::string>("more").select_key(
        [](const std::string& value) { return value; });
    stream.group_by_key().count({.store = "one"});
    stream.group_by_key().count({.store = "two"});
    const auto same = builder.stream<std::string, std::string>("more");
    same.join(same, [](const std::string& l, const std::string& r) { return l + r; },
              JoinWindows::of(1ms).grace(0ms), {.store = "self"})
        .to("out");
}

void unnamed(StreamsBuilder& builder) {
    builder.stream<std::string, std::string>("in").group_by_key().count();
}

const std::vector<Input> kWithoutTime{{"a", 5}, {"b", -1}, {"c", 7}};
const std::vector<Input> kUnreadable{{kNumber}, {"none"}, {kNumber}};
const std::vector<Input> kThrowing{{"a"}, {"x"}, {"b"}};
const std::vector<Input> kBoth{{"a"}, {"b", 1, "more"}};

/// The internal topics of `optimisable`, without some.
std::vector<std::string> topics_but(const std::set<std::string>& left_out) {
    std::vector<std::string> names;
    for (const char* name :
         {"one-changelog", "one-repartition", "rows-changelog", "self-other-join-store-changelog",
          "self-this-join-store-changelog", "two-changelog", "two-repartition"}) {
        if (!left_out.contains(name)) {
            names.push_back(std::string("app-") + name);
        }
    }
    return names;
}

std::vector<Effect> effects() {
    const std::string extractor = "default.timestamp.extractor";
    const std::string reading = "deserialization.exception.handler";
    const std::string processing = "processing.exception.handler";
    const std::string optimization = "topology.optimization";
    const std::string explicit_names = "ensure.explicit.internal.resource.naming";
    const std::string number = "k=" + kNumber + "@1";
    const std::string rows = "rows-changelog";
    const std::string two = "two-repartition";
    const std::string self = "self-other-join-store-changelog";
    constexpr Shown kFiles = Shown::kFilesOfState;
    constexpr Shown kHeaders = Shown::kHeadersOnDisk;
    constexpr Shown kTopics = Shown::kInternalTopics;
    return {
        {extractor, "fail", pass_on, kWithoutTime, {}, "record without a valid timestamp"},
        {extractor, "skip", pass_on, kWithoutTime, {"k=a@5", "k=c@7"}},
        {extractor, "partition_time", pass_on, kWithoutTime, {"k=a@5", "k=b@5", "k=c@7"}},
        {extractor, "wall_clock", pass_on, kWithoutTime, {"k=a@now", "k=b@now", "k=c@now"}},
        {reading, "fail", pass_numbers, kUnreadable, {}, "cannot read record"},
        {reading, "continue", pass_numbers, kUnreadable, {number, number}},
        {processing, "fail", refuse_x, kThrowing, {}, "no x"},
        {processing, "continue", refuse_x, kThrowing, {"k=a@1", "k=b@1"}},
        {"production.exception.handler", "retry", cannot_write_x, kThrowing, {}, "no x"},
        {"default.dsl.store", "rocksdb", count, {{"a"}}, {"files"}, {}, kFiles},
        {"default.dsl.store", "in_memory", count, {{"a"}}, {"no files"}, {}, kFiles},
        {"rocksdb.compression", "none", count, {{"a"}}, {"files"}, {}, kFiles},
        {"rocksdb.compression", "lz4", count, {{"a"}}, {"files"}, {}, kFiles},
        {"rocksdb.compression", "zstd", count, {{"a"}}, {"files"}, {}, kFiles},
        {"dsl.store.format", "default", join, {{"a"}}, {"no headers"}, {}, kHeaders},
        {"dsl.store.format", "headers", join, {{"a"}}, {"headers"}, {}, kHeaders},
        {"processing.guarantee", "at_least_once", pass_on, {{"a"}}, {"k=a@1"}},
        {"processing.guarantee", "exactly_once_v2", pass_on, {{"a"}}, {"k=a@1"}},
        {explicit_names, "false", unnamed, {{"a"}}, {"files"}, {}, kFiles},
        {explicit_names, "true", unnamed, {}, {}, "explicit names are required"},
        {optimization, "none", optimisable, kBoth, topics_but({}), {}, kTopics},
        {optimization, "all", optimisable, kBoth, topics_but({rows, two, self}), {}, kTopics},
        {optimization,
         "reuse.ktable.source.topics",
         optimisable,
         kBoth,
         topics_but({rows}),
         {},
         kTopics},
        {optimization,
         "merge.repartition.topics",
         optimisable,
         kBoth,
         topics_but({two}),
         {},
         kTopics},
        {optimization,
         "single.store.self.join",
         optimisable,
         kBoth,
         topics_but({self}),
         {},
         kTopics},
    };
}

bool is_internal(const std::string& topic) {
    return topic.starts_with("app-");
}

template <class Record>
std::string line_of(const Record& record, Timestamp time) {
    return record.key.value_or("null") + "=" + record.value.value_or("null") + "@" +
           (time >= kRunsSince ? "now" : std::to_string(milliseconds_of(time)));
}

bool has_files(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder)) {
        return false;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().filename() == "CURRENT") {  // Every RocksDB database has one.
            return true;
        }
    }
    return false;
}

/// Whether any file contains the value of the records' header.
const char* headers_in(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in),
                                    std::istreambuf_iterator<char>()};
            if (bytes.find(kHeaderValue) != std::string::npos) {
                return "headers";
            }
        }
    }
    return "no headers";
}

Topology built(const Effect& effect, const StreamsConfig& config) {
    StreamsBuilder builder;
    effect.program(builder);
    return std::move(builder).build(config.topology_options());
}

class EnumeratedSettings : public ::testing::Test {
  protected:
    EnumeratedSettings() {
        set_log_sink([](LogLevel, std::string_view) {});
    }
    ~EnumeratedSettings() override { set_log_sink({}); }
};

Outcome run_driver(const Effect& effect, const std::string& spelling,
                   const std::filesystem::path& folder) {
    Outcome outcome;
    try {
        const std::map<std::string, std::string> settings{{"application.id", "app"},
                                                          {effect.setting, spelling}};
        StreamsConfig config;
        config.set_all(settings);
        testing::TopologyTestDriver driver(
            built(effect, config),
            {.config = settings, .wall_clock = kRunsSince, .state_directory = folder});
        for (const Input& input : effect.inputs) {
            driver.pipe({.topic = input.topic,
                         .key = "k",
                         .value = input.value,
                         .timestamp = timestamp_of(input.time),
                         .headers = {{"h", kHeaderValue}}});
        }
        if (effect.shown == Shown::kFilesOfState) {
            outcome.lines = {has_files(folder) ? "files" : "no files"};
        }
        std::set<std::string> topics;
        for (const auto& record : driver.drain()) {
            if (is_internal(record.topic)) {
                topics.insert(record.topic);
            }
            if (effect.shown == Shown::kOutput && record.topic == "out") {
                outcome.lines.push_back(line_of(record, *record.timestamp));
            }
        }
        if (effect.shown == Shown::kInternalTopics) {
            outcome.lines.assign(topics.begin(), topics.end());
        } else if (effect.shown == Shown::kHeadersOnDisk) {
            driver.close();
            outcome.lines = {headers_in(folder)};
        }
    } catch (const std::exception& error) {
        outcome = {.error = error.what()};
    }
    return outcome;
}

/// One client on its own broker.
class ClientRun : public support::EmbeddedApplication {
  public:
    ClientRun(const Effect& effect, std::string spelling)
        : effect_(effect), spelling_(std::move(spelling)) {}

    Outcome outcome() {
        try {
            return run();
        } catch (const std::exception& error) {
            return {.error = error.what()};
        }
    }

  private:
    void TestBody() override {}

    Outcome run() {
        create_topics(1);
        broker.create_topic("more", 1);
        StreamsConfig with = config();
        with.set(effect_.setting, spelling_);
        const auto streams = client(built(effect_, with), with);
        keep_errors(*streams);
        for (const Input& input : effect_.inputs) {
            broker.produce(input.topic, {.key = "k",
                                         .value = input.value,
                                         .timestamp = timestamp_of(input.time),
                                         .headers = {{"h", kHeaderValue}}});
        }
        streams->start();
        while (uncaught.count() == 0 && !everything_is_committed()) {
            uncaught.wait_for_no_longer_than(2ms);
        }
        EXPECT_TRUE(streams->close(60s));
        return errors().empty() ? Outcome{.lines = lines()} : Outcome{.error = errors().front()};
    }

    bool everything_is_committed() const {
        Offset sum = 0;
        for (const auto& [partition, offset] : broker.committed_offsets("app")) {
            sum += is_internal(partition.topic) ? 0 : offset;
        }
        return sum == static_cast<Offset>(effect_.inputs.size());
    }

    std::vector<std::string> lines() const {
        std::vector<std::string> lines;
        if (effect_.shown == Shown::kOutput) {
            for (const auto& record : broker.records("out")) {
                lines.push_back(line_of(record, record.timestamp));
            }
        } else if (effect_.shown == Shown::kFilesOfState) {
            lines.emplace_back(has_files(state_dir) ? "files" : "no files");
        } else if (effect_.shown == Shown::kHeadersOnDisk) {
            lines.emplace_back(headers_in(state_dir));
        }
        for (const auto& [topic, partitions] : broker.topics()) {
            if (effect_.shown == Shown::kInternalTopics && is_internal(topic)) {
                lines.push_back(topic);
            }
        }
        return lines;
    }

    const Effect& effect_;
    std::string spelling_;
};

/// The spellings of a value, Millrace's first.
std::vector<std::string_view> spellings_of(const Effect& effect) {
    for (const auto& choice : client::find_setting(effect.setting)->choices) {
        if (choice.front() == effect.value) {
            return choice;
        }
    }
    ADD_FAILURE() << effect.setting << " has no value " << effect.value;
    return {};
}

void expect(const Outcome& outcome, const Effect& effect, const std::string& where) {
    if (effect.error.empty()) {
        EXPECT_EQ(outcome.error, "") << where;
    } else {
        EXPECT_THAT(outcome.error, HasSubstr(effect.error)) << where;
    }
    EXPECT_EQ(outcome.lines, effect.lines) << where;
}

TEST_F(EnumeratedSettings, HaveTheirEffectInTheDriverInEverySpelling) {
    for (const Effect& effect : effects()) {
        for (const std::string_view spelling : spellings_of(effect)) {
            const testing::TemporaryDirectory folder;
            expect(run_driver(effect, std::string(spelling), folder.path()), effect,
                   effect.setting + "=" + std::string(spelling));
        }
    }
}

TEST_F(EnumeratedSettings, HaveTheirEffectInAClientInEverySpelling) {
    for (const Effect& effect : effects()) {
        for (const std::string_view spelling : spellings_of(effect)) {
            expect(ClientRun(effect, std::string(spelling)).outcome(), effect,
                   effect.setting + "=" + std::string(spelling));
        }
    }
}

TEST_F(EnumeratedSettings, AreAllInTheTableAboveWithEachOfTheirValues) {
    std::set<std::string> tried;
    for (const Effect& effect : effects()) {
        tried.insert(effect.setting + "=" + effect.value);
    }
    for (const char* strategy : {"none", "min_traffic", "balance_subtopology"}) {
        // AssignmentSettings.ReachTheAssignor sees them.
        tried.insert("rack.aware.assignment.strategy=" + std::string(strategy));
    }
    for (const client::Setting& setting : client::settings()) {
        for (const auto& choice : setting.choices) {
            EXPECT_TRUE(tried.contains(setting.name + "=" + std::string(choice.front())))
                << "no test sees the effect of " << setting.name << "=" << choice.front();
        }
        StreamsConfig config;
        if (setting.choices.empty()) {
            // A setting of numbers or free text accepts any of these; named values are choices.
            EXPECT_TRUE(setting.read(config, "0") || setting.read(config, "1") ||
                        setting.read(config, "60000") || setting.read(config, "text"))
                << setting.name << " has names for its values: list them as its choices";
        }
    }
}

class OffsetResets : public support::EmbeddedApplication {
  protected:
    /// The results for a record from before the start and one from after it.
    std::vector<std::string> outputs(const std::string& reset) {
        create_topics(1);
        broker.produce("in", {.key = "k", .value = "before"});
        StreamsConfig with = config();
        with.set("auto.offset.reset", reset);
        StreamsBuilder builder;
        builder.stream<std::string, std::string>("in")
            .peek([this](const std::string& value) {
                if (value == "after") {
                    processed.happened();
                }
            })
            .to("out");
        const auto streams = client(std::move(builder).build(), with);
        keep_errors(*streams);
        support::Events running;
        streams->set_state_listener([&](ClientState now, ClientState) {
            if (now == ClientState::kRunning) {
                running.happened();
            }
        });
        streams->start();
        if (reset == "none") {
            EXPECT_TRUE(uncaught.wait_for(1));
        } else {
            EXPECT_TRUE(running.wait_for(1));
            broker.produce("in", {.key = "k", .value = "after"});
            EXPECT_TRUE(processed.wait_for(1));
        }
        EXPECT_TRUE(streams->close(60s));
        std::vector<std::string> values;
        for (const auto& record : broker.records("out")) {
            values.push_back(*record.value);
        }
        return values;
    }
};

TEST_F(OffsetResets, EarliestStartsWithTheFirstRecord) {
    EXPECT_THAT(outputs("earliest"), ElementsAre("before", "after"));
}

TEST_F(OffsetResets, LatestStartsWithRecordsAfterTheStart) {
    EXPECT_THAT(outputs("latest"), ElementsAre("after"));
}

TEST_F(OffsetResets, NoneEndsTheClientWhenNothingWasCommitted) {
    EXPECT_THAT(outputs("none"), ElementsAre());
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("auto.offset.reset")));
}

}  // namespace
}  // namespace millrace
