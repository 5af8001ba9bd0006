// SPDX-License-Identifier: Apache-2.0

// Processes on Apache Kafka that are killed at fail points: docs/testing.md, "Crash points".
#include "core/fail_point_names.hpp"
#include "integration/child_process.hpp"
#include "integration/topic_reader.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;

constexpr Partition kPartitions = 2;
constexpr int kKeys = 4;
constexpr std::size_t kShort = 3;      // How many kills the short form needs,
constexpr std::size_t kAttempts = 10;  // with that many attempts: not all points are reached.
constexpr int kRecords = 20;           // For each key, before each kill.

bool long_form() {
    const char* value = std::getenv("MILLRACE_CRASH_POINTS");
    return value != nullptr && std::string(value) == "all";
}

struct Kill {
    std::string point;
    int hit = 1;
};

/// Whether the point is reached only, or also, by a process without local state.
bool needs_lost_state(const std::string& point) {
    constexpr const char* kPrefixes[] = {"restore.", "load.", "open.", "database.", "directory."};
    return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                       [&](const char* prefix) { return point.starts_with(prefix); });
}

/// Others on each day.
std::vector<Kill> kills() {
    constexpr std::time_t kSecondsInADay = 86'400;
    std::mt19937_64 random(static_cast<std::uint64_t>(std::time(nullptr) / kSecondsInADay));
    std::vector<Kill> all;
    for (const auto& point : fail_points::kNames) {
        if (point.text.starts_with("global.") || point.text.starts_with("directory.task")) {
            continue;  // The topology has no global store, and keeps its files.
        }
        for (const int hit : {1, 2, std::uniform_int_distribution<int>(3, 20)(random)}) {
            all.push_back({std::string(point.text), hit});
        }
    }
    std::shuffle(all.begin(), all.end(), random);
    if (!long_form()) {
        all.resize(std::min(all.size(), kAttempts));
        all.insert(all.begin(), {"commit.delivered", 1});  // Is reached on every day.
    }
    return all;
}

class CrashPointsOnKafka : public ::testing::TestWithParam<const char*> {
  protected:
    /// The end of the process before this one is known to the group at once: it is a static member.
    std::unique_ptr<ChildProcess> start(const std::string& fail_point) {
        logged_ = std::filesystem::exists(log()) ? std::filesystem::file_size(log()) : 0;
        return std::make_unique<ChildProcess>(
            std::vector<std::string>{"/usr/bin/env",
                                     "MILLRACE_FAIL_POINT=" + fail_point,
                                     MILLRACE_PROGRAM_DIR "/system_app_with_fail_points",
                                     "--workload",
                                     "repartitioned-count",
                                     "--bootstrap-servers",
                                     broker_.bootstrap_servers(),
                                     "--application-id",
                                     application_,
                                     "--state-dir",
                                     state().string(),
                                     "--input",
                                     in_,
                                     "--output",
                                     out_,
                                     "--guarantee",
                                     GetParam(),
                                     "--commit-interval-ms",
                                     "30",
                                     "--cache-bytes",
                                     "0",
                                     "--config",
                                     "group.instance.id=one",
                                     "--config",
                                     "session.timeout.ms=6000",
                                     "--config",
                                     "heartbeat.interval.ms=500",
                                     "--config",
                                     "statestore.flush.interval.ms=50",
                                     "--config",
                                     "replication.factor=1"},
            log());
    }

    std::filesystem::path state() const { return folder_.path() / "state"; }
    std::string log() const { return (folder_.path() / "log").string(); }

    void produce() {
        const auto topic = producer_->topic(in_);
        for (int i = 0; i < kRecords; ++i) {
            for (int key = 0; key < kKeys; ++key) {
                const std::string value = "key" + std::to_string(key) + ":v";
                const std::string from = std::to_string(i);
                ASSERT_TRUE(producer_->send({.topic = topic, .key = from, .value = value}).ok());
            }
        }
        ASSERT_TRUE(producer_->flush(kPatience).ok());
        sent_ += kRecords;
    }

    bool all_counted() {
        std::map<std::string, std::int64_t> last;
        for (const ReadRecord& record : reader_.read_all(out_, kPartitions)) {
            last[record.key] = std::max(last[record.key], record.count());
        }
        return last.size() == kKeys && std::all_of(last.begin(), last.end(), [&](const auto& each) {
                   return each.second >= sent_;
               });
    }

    template <class F>
    static bool within(std::chrono::seconds limit, const F& condition) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            std::this_thread::sleep_for(50ms);
        }
        return true;
    }

    /// Whether the process that was started last has its tasks. Before, it may not handle SIGTERM.
    bool runs() const {
        std::ifstream file(log());
        file.seekg(static_cast<std::streamoff>(logged_));
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        return text.find("\"to\":\"RUNNING\"") != std::string::npos;
    }

    /// Whether the process was killed, at the latest when it ends.
    bool killed(const Kill& kill) {
        if (needs_lost_state(kill.point)) {
            std::filesystem::remove_all(state());
        }
        const auto process = start(kill.point + ":kill:" + std::to_string(kill.hit));
        produce();
        within(60s, [&] { return !process->running() || (runs() && all_counted()); });
        if (process->running()) {
            process->stop(SIGTERM, 60s);
        }
        return process->wait() == -SIGKILL;
    }

    /// The counts of each key are 1, 2, 3, … with exactly-once.
    std::map<std::string, std::int64_t> expect_order(const std::string& after) {
        std::map<std::string, std::int64_t> counts;
        for (const ReadRecord& record : reader_.read_all(out_, kPartitions)) {
            std::int64_t& count = counts[record.key];
            if (GetParam() == std::string("exactly_once_v2")) {
                EXPECT_EQ(record.count(), count + 1) << record.key << ", " << after;
            }
            count = record.count();
        }
        return counts;
    }

    KafkaBroker& broker_ = KafkaBroker::shared();
    std::shared_ptr<kafka::ClientSupplier> clients_ = real_clients();
    std::string application_ = unique_name("crash-points");
    std::string in_ = make_topic(*clients_, "in", kPartitions);
    std::string out_ = make_topic(*clients_, "out", kPartitions);
    RecordingProducerListener listener_;
    std::unique_ptr<kafka::Producer> producer_ = clients_->make_producer({}, listener_);
    TopicReader reader_{broker_.bootstrap_servers()};
    TemporaryDirectory folder_;
    std::int64_t sent_ = 0;
    std::uintmax_t logged_ = 0;  // Bytes of the log when the last process was started.
};

TEST_P(CrashPointsOnKafka, LoseAndDoubleNothingWhenProcessesAreKilled) {
    std::size_t reached = 0;
    std::set<std::string> points;
    const std::vector<Kill> all = kills();
    for (const Kill& kill : all) {
        if (!long_form() && reached == kShort) {
            break;
        }
        const bool dead = killed(kill);
        if (dead) {
            ++reached;
            points.insert(kill.point);
        }
        if (long_form()) {
            std::cout << kill.point << ":" << kill.hit << (dead ? "" : " not reached") << std::endl;
            expect_order(kill.point);
        }
    }
    const auto last = start("");
    EXPECT_TRUE(within(90s, [this] { return runs() && all_counted(); })) << last->output();
    EXPECT_EQ(last->stop(SIGTERM), 0);
    auto counts = expect_order("at the end");
    for (int key = 0; key < kKeys; ++key) {
        EXPECT_GE(counts["key" + std::to_string(key)], sent_);
    }
    EXPECT_GT(reached, 0);
    EXPECT_THAT(last->output(), ::testing::Not(::testing::HasSubstr("rebuilding store")));
    EXPECT_THAT(last->output(), ::testing::Not(::testing::HasSubstr("is damaged")));
    std::cout << reached << " of " << all.size() << " kills, at " << points.size() << " points\n";
}

INSTANTIATE_TEST_SUITE_P(EachGuarantee, CrashPointsOnKafka,
                         ::testing::Values("exactly_once_v2", "at_least_once"));

}  // namespace
}  // namespace millrace::testing
