// SPDX-License-Identifier: Apache-2.0

// Clients that open, close, crash, rebalance and replace threads use no more memory, descriptors
// and threads in the end than after a few cycles. MILLRACE_TEST_LEAK_CYCLES: how many.
#include "core/random.hpp"
#include "leaks/resource_use.hpp"
#include "support/counting_topology.hpp"

#include "millrace/core/logging.hpp"
#include "millrace/millrace.hpp"
#include "millrace/testing/embedded_broker.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::Events;
using testing::EmbeddedBroker;

using Text = std::string;

constexpr int kTasks = 2;
constexpr int kKeys = 8;

int cycles() {
    constexpr int kShort = 6;
    const char* const text = std::getenv("MILLRACE_TEST_LEAK_CYCLES");
    return text == nullptr ? kShort : std::max(kShort, std::atoi(text));
}

template <class F>
bool eventually(const F& condition) {
    const Events none;
    for (int attempt = 0; attempt < 12'000; ++attempt) {
        if (condition()) {
            return true;
        }
        none.wait_for_no_longer_than(5ms);
    }
    return false;
}

/// Counts on disk, joins with a global table on disk, counts again in memory.
Topology topology(const std::function<void(const Text&)>& on_record) {
    StreamsBuilder builder;
    const auto names = builder.global_table<Text, Text>("names", {.store = "names"});
    const auto in =
        builder.stream<Text, Text>("in").peek([on_record](const Text& value) { on_record(value); });
    in.join(
          names, [](const Text& key, const Text&) { return key; },
          [](const Text& value, const Text& name) { return value + name; })
        .group_by_key()
        .count({.store = "in-memory", .engine = StoreEngine::kInMemory, .caching = false})
        .to_stream()
        .to("out");
    in.group_by_key().count({.store = "on-disk"}).to_stream().to("out");
    return std::move(builder).build();
}

/// An embedded broker with the application's topics, and its clients.
class Application {
  public:
    Application(ProcessingGuarantee guarantee, std::filesystem::path state_dir)
        : guarantee_(guarantee), state_dir_(std::move(state_dir)) {
        // Consumed records are deleted, so that the broker's memory is flat, too. More than those
        // of one cycle stay: the broker also deletes every five minutes, in the middle of a cycle.
        const std::map<std::string, std::string> short_lived{{"retention.bytes", "8192"}};
        broker_.create_topic("in", kTasks, short_lived);
        broker_.create_topic("out", kTasks, short_lived);
        broker_.create_topic("names", 1, {{"cleanup.policy", "compact"}});
        for (int key = 0; key < kKeys; ++key) {
            broker_.produce("names", {.key = "key" + std::to_string(key), .value = "name"});
        }
    }

    std::unique_ptr<KafkaStreams> start(const std::string& instance) {
        StreamsConfig config{.application_id = "app", .state_dir = state_dir_ / instance};
        config.commit_interval = 20ms;
        config.poll = 20ms;
        config.processing_guarantee = guarantee_;
        config.rocksdb_block_cache_bytes = 0;  // Otherwise it grows until it is full.
        auto streams = std::make_unique<KafkaStreams>(
            topology([this](const Text& value) { got(value); }), config, broker_.clients());
        streams->set_uncaught_exception_handler(
            [](const std::exception&) { return UncaughtDecision::kReplaceThread; });
        streams->start();
        return streams;
    }

    /// Sends a record of each key and waits until all are processed.
    bool process(const Text& value = "v") {
        const int wanted = processed_.load() + kKeys;
        for (int key = 0; key < kKeys; ++key) {
            broker_.produce("in", {.key = "key" + std::to_string(key), .value = value});
        }
        return eventually([&] { return processed_.load() >= wanted; });
    }

    /// The next record ends its thread, which is replaced.
    bool replace_a_thread() {
        fail_.store(true);
        return process() && !fail_.load();
    }

    bool settled(const KafkaStreams& streams, std::size_t tasks) const {
        return eventually([&] {
            std::size_t count = 0;
            for (const auto& thread : streams.metadata_for_local_threads()) {
                count += thread.tasks.size();
            }
            return count == tasks && streams.state() == ClientState::kRunning;
        });
    }

    /// Destroys the only client without a close, and ends its session at once.
    void crash(std::unique_ptr<KafkaStreams>& streams) {
        streams.reset();
        for (const auto& member : broker_.members("app")) {
            broker_.expire_member("app", member.member_id);
        }
    }

    void remove_state(const std::string& instance) const {
        std::filesystem::remove_all(state_dir_ / instance);
    }
    void clean_logs() { broker_.clean_logs(); }

  private:
    void got(const Text& value) {
        if (fail_.exchange(false)) {
            throw std::runtime_error("a bad record: " + value);
        }
        processed_.fetch_add(1);
    }

    ProcessingGuarantee guarantee_;
    std::filesystem::path state_dir_;
    EmbeddedBroker broker_;
    std::atomic<int> processed_{0};
    std::atomic<bool> fail_{false};
};

class Leaks : public ::testing::TestWithParam<ProcessingGuarantee> {
  protected:
    Leaks()
        : state_dir_(std::filesystem::temp_directory_path() /
                     ("millrace-test-" + random_uuid(system_random()))) {
        set_log_level(LogLevel::kOff);
    }
    ~Leaks() override { std::filesystem::remove_all(state_dir_); }

    template <class Cycle>
    void expect_flat(const support::AllowedGrowth& allowed, const Cycle& cycle) {
        constexpr int kWarmUp = 4;
        support::UseByCycle use;
        for (int at = 0; at < kWarmUp + cycles(); ++at) {
            ASSERT_NO_FATAL_FAILURE(cycle());
            if (at >= kWarmUp) {
                use.add();
            }
        }
        EXPECT_EQ(use.why_not_flat(allowed), "");
        std::cout << use.summary() << '\n';
    }

    std::filesystem::path state_dir_;
};

TEST_P(Leaks, AreNotLeftByClientsThatOpenCrashRestoreAndClose) {
    // Free memory in the caches of the C library's allocator counts as used.
    expect_flat({.bytes = 32 << 10, .bytes_per_cycle = 64}, [this] {
        Application application(GetParam(), state_dir_);
        auto first = application.start("one");
        ASSERT_TRUE(application.process());
        application.crash(first);
        first = application.start("one");
        ASSERT_TRUE(application.process());
        ASSERT_TRUE(application.replace_a_thread());
        const auto second = application.start("two");
        ASSERT_TRUE(application.settled(*first, 1) && application.settled(*second, 1));
        ASSERT_TRUE(application.process());
        ASSERT_TRUE(second->close(60s));
        ASSERT_TRUE(first->close(60s));
        std::filesystem::remove_all(state_dir_);
    });
}

TEST_P(Leaks, AreNotLeftByRebalancesAndReplacedThreads) {
    Application application(GetParam(), state_dir_);
    const auto first = application.start("one");
    // The size of RocksDB's buffers varies. The broker remembers the last batches of every
    // producer, as Apache Kafka does for a day.
    expect_flat({.bytes = 256 << 10, .bytes_per_cycle = 1536}, [&] {
        ASSERT_TRUE(application.process());
        const auto second = application.start("two");
        ASSERT_TRUE(application.settled(*first, 1) && application.settled(*second, 1));
        ASSERT_TRUE(application.replace_a_thread());
        ASSERT_TRUE(application.process());
        ASSERT_TRUE(second->close(60s));
        ASSERT_TRUE(application.settled(*first, kTasks));
        application.remove_state("two");
        application.clean_logs();
    });
    EXPECT_TRUE(first->close(60s));
}

INSTANTIATE_TEST_SUITE_P(Guarantees, Leaks,
                         ::testing::Values(ProcessingGuarantee::kAtLeastOnce,
                                           ProcessingGuarantee::kExactlyOnceV2),
                         [](const auto& test) {
                             return test.param == ProcessingGuarantee::kAtLeastOnce ? "AtLeastOnce"
                                                                                    : "ExactlyOnce";
                         });

}  // namespace
}  // namespace millrace
