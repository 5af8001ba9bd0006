// SPDX-License-Identifier: Apache-2.0

// Every value of every setting with named values has its effect: in a client, and in the driver. A
// setting without a row in setting_effects.cpp fails the last test.
#include "client/settings/settings_table.hpp"
#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"
#include "support/embedded_application.hpp"
#include "support/temporary_directory.hpp"
#include "unit/client/setting_effects.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Effect = SettingEffect;
using Input = SettingEffect::Input;
using Shown = SettingEffect::Shown;

constexpr Timestamp kRunsSince = timestamp_of(1'000'000'000'000);
const std::string kHeaderValue = "the value of a header";

/// The results of a run.
struct Outcome {
    std::vector<std::string> lines{};
    std::string error{};  ///< The exception; empty: none.
};

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
    for (const Effect& effect : setting_effects()) {
        for (const std::string_view spelling : spellings_of(effect)) {
            const testing::TemporaryDirectory folder;
            expect(run_driver(effect, std::string(spelling), folder.path()), effect,
                   effect.setting + "=" + std::string(spelling));
        }
    }
}

TEST_F(EnumeratedSettings, HaveTheirEffectInAClientInEverySpelling) {
    for (const Effect& effect : setting_effects()) {
        for (const std::string_view spelling : spellings_of(effect)) {
            expect(ClientRun(effect, std::string(spelling)).outcome(), effect,
                   effect.setting + "=" + std::string(spelling));
        }
    }
}

TEST_F(EnumeratedSettings, AreAllInTheTableAboveWithEachOfTheirValues) {
    std::set<std::string> tried;
    for (const Effect& effect : setting_effects()) {
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
                        setting.read(config, "60000") || setting.read(config, "1048576") ||
                        setting.read(config, "text"))
                << setting.name << " has names for its values: list them as its choices";
        }
    }
}

}  // namespace
}  // namespace millrace
