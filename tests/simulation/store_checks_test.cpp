// SPDX-License-Identifier: Apache-2.0

// The comparison of stores with their changelogs.
#include "testing/simulation/store_checks.hpp"

#include "millrace/millrace.hpp"
#include "testing/simulation/scheduler.hpp"
#include "testing/simulation/trace.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::testing::simulated {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Text = std::string;

Topology count() {
    StreamsBuilder builder;
    builder.stream<Text, Text>("in").group_by_key().count(
        {.store = "counts", .engine = StoreEngine::kInMemory});
    return std::move(builder).build();
}

/// A client that counts, in simulated time.
class Counting {
  public:
    Counting() { broker_.create_topic("in"); }

    void start() {
        client_ = std::make_unique<KafkaStreams>(
            count(), StreamsConfig{.application_id = "app", .commit_interval = 100ms},
            broker_.clients());
        client_->start();
        settle();
    }

    void restart() {
        client_->close(1min);
        start();
    }

    void pipe(const Text& key) {
        broker_.produce("in", {.key = key, .value = ""});
        settle();
    }

    /// As a zombie does.
    void write_to_changelog(const Text& key, char count) {
        broker_.produce("app-counts-changelog", {.key = key, .value = Text(7, '\0') + count});
    }

    std::vector<Text> differences(bool zombies) {
        return store_differences(count(), "app", broker_, {{client_.get()}}, zombies);
    }

    void close() { client_->close(1min); }

  private:
    static void settle() { simulator->wait(&simulator, 5s); }

    EmbeddedBroker broker_;
    std::unique_ptr<KafkaStreams> client_;
};

/// Runs `test` in simulated time.
void simulated(const std::function<void(Counting&)>& test) {
    Scheduler scheduler(1, kSimulationStart);
    const Trace trace(scheduler, "/dev/shm");  // Takes the log.
    scheduler.run(
        [&] {
            Counting counting;
            counting.start();
            test(counting);
            counting.close();
        },
        10h);
}

TEST(StoreChecks, FindNoDifferenceAfterACommit) {
    simulated([](Counting& counting) {
        counting.pipe("a");
        counting.pipe("b");
        EXPECT_THAT(counting.differences(false), IsEmpty());
    });
}

TEST(StoreChecks, FindAChangelogWithOtherRows) {
    simulated([](Counting& counting) {
        counting.pipe("a");
        counting.write_to_changelog("a", '\7');
        counting.write_to_changelog("b", '\1');
        EXPECT_THAT(counting.differences(false),
                    ElementsAre(HasSubstr("has other values than its changelog: \"a\""),
                                HasSubstr("misses a row of its changelog: \"b\"")));
    });
}

TEST(StoreChecks, AllowLateRecordsOfZombiesOnly) {
    simulated([](Counting& counting) {
        counting.pipe("a");
        counting.write_to_changelog("a", '\7');
        counting.pipe("b");
        EXPECT_THAT(counting.differences(true), IsEmpty());
        EXPECT_THAT(counting.differences(false), ElementsAre(HasSubstr("\"a\"")));
    });
}

TEST(StoreChecks, ExpectRecordsOfZombiesInAStoreThatWasRestored) {
    simulated([](Counting& counting) {
        counting.pipe("a");
        counting.write_to_changelog("a", '\7');
        counting.restart();
        EXPECT_THAT(counting.differences(false), IsEmpty());
        counting.pipe("a");
        EXPECT_THAT(counting.differences(false), IsEmpty());
    });
}

TEST(StoreChecks, DoNotTakeTasksThatDoNotRunForEmptyStores) {
    simulated([](Counting& counting) {
        counting.pipe("a");
        counting.close();
        EXPECT_THAT(counting.differences(true), ElementsAre(HasSubstr("do not run")));
    });
}

}  // namespace
}  // namespace millrace::testing::simulated
