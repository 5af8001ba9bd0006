// SPDX-License-Identifier: Apache-2.0

// What an aborted transaction leaves in the stores: nothing; and the stores stay open, so that
// those in memory need no restore.
#include "millrace/millrace.hpp"
#include "support/exactly_once_application.hpp"

#include <gmock/gmock.h>

#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::BrokerFault;
using testing::BrokerOperation;
using testing::FaultMoment;
using Text = std::string;

/// Stores of most kinds on one input, so that the output is determined. The values of the input are
/// "a" and "b".
Topology every_kind(StoreEngine engine) {
    StreamsBuilder builder;
    const auto input = builder.stream<Text, Text>("in");
    const auto grouped = input.group_by_key();
    const auto of_time = [](Timestamp time) { return std::to_string(milliseconds_of(time)); };
    grouped.count({.store = "counts", .engine = engine})
        .to_stream()
        .map_values([](std::int64_t count) { return std::to_string(count); })
        .to("counts");
    grouped.windowed_by(TimeWindows::of(10s).grace(5s))
        .count({.store = "windows", .engine = engine})
        .suppress(UntilWindowCloses{.name = "closed"})
        .to_stream()
        .map([of_time](const Windowed<Text, Window>& key, std::int64_t count) {
            return std::pair(key.key, of_time(key.window.start) + ": " + std::to_string(count));
        })
        .to("windows");
    grouped.windowed_by(SessionWindows::of(3s).grace(5s))
        .count({.store = "sessions", .engine = engine, .caching = false})
        .to_stream()
        .map([of_time](const Windowed<Text, SessionWindow>& key,
                       const std::optional<std::int64_t>& count) {
            return std::pair(key.key,
                             of_time(key.window.start) + ": " + std::to_string(count.value_or(0)));
        })
        .to("sessions");
    const auto with = [&input](const char* value) {
        return input.filter([value](const Text&, const Text& each) { return each == value; });
    };
    with("a")
        .join(with("b"), [](const Text& a, const Text& b) { return a + b; },
              JoinWindows::of(2s).grace(5s), {.store = "join", .engine = engine})
        .to("joined");
    const auto versions = input.to_table({.store = "versions", .engine = engine, .history = 1h});
    with("b")
        .join(versions, [](const Text& b, const Text& latest) { return b + latest; })
        .to("looked-up");
    return std::move(builder).build();
}

const std::vector<std::string> kOutputs{"counts", "windows", "sessions", "joined", "looked-up"};

/// By topic and key.
using Output = std::map<std::string, std::map<std::string, std::vector<std::string>>>;

class Rollback : public ::testing::TestWithParam<StoreEngine> {
  protected:
    static constexpr int kRounds = 12;

    struct Run : support::ExactlyOnceApplication {
        Run() {
            broker.create_topic("in", 1);
            for (const std::string& topic : kOutputs) {
                broker.create_topic(topic, 1);
            }
        }
        void TestBody() override {}

        /// The records of a round are spread over four seconds.
        void send(int round) {
            for (int i = 0; i < 8; ++i, ++sent_) {
                broker.produce("in", {.key = "key" + std::to_string(i % 3),
                                      .value = (i + round) % 2 == 0 ? "a" : "b",
                                      .timestamp = timestamp_of(4000 * round + 500 * i)});
            }
        }

        bool committed() const {
            return eventually([this] {
                const auto offsets = broker.committed_offsets("app");
                const auto in = offsets.find({"in", 0});
                return in != offsets.end() && in->second == sent_;
            });
        }

        Output run(StoreEngine engine, std::optional<FaultMoment> fault) {
            auto settings = exactly_once();
            settings.statestore_cache_max_bytes = 0;
            const auto streams = client(every_kind(engine), settings);
            streams->start();
            for (int round = 0; round < kRounds; ++round) {
                if (fault && round % 3 == 1) {
                    broker.fail_next(BrokerOperation::kCommitTransaction, BrokerFault::kTransport,
                                     *fault);
                }
                send(round);
                EXPECT_TRUE(committed());
            }
            restored = metric(*streams, "restore-records-total");
            EXPECT_TRUE(streams->close(60s));
            Output output;
            for (const std::string& topic : kOutputs) {
                for (const auto& record : broker.records(topic)) {
                    output[topic][*record.key].push_back(*record.value);
                }
            }
            return output;
        }

        double restored = 0;

      private:
        Offset sent_ = 0;
    };
};

TEST_P(Rollback, OfEveryStoreKeepsWhatIsCommittedAndRestoresNothing) {
    Run undisturbed;
    const Output expected = undisturbed.run(GetParam(), std::nullopt);
    ASSERT_EQ(expected.size(), kOutputs.size());

    Run disturbed;
    EXPECT_EQ(disturbed.run(GetParam(), FaultMoment::kBefore), expected);
    EXPECT_EQ(disturbed.restored, 0);
}

TEST_P(Rollback, RestoresOnlyATransactionWhoseCommitWasNotAnswered) {
    Run undisturbed;
    const Output expected = undisturbed.run(GetParam(), std::nullopt);

    Run disturbed;
    EXPECT_EQ(disturbed.run(GetParam(), FaultMoment::kAfter), expected);
    EXPECT_GT(disturbed.restored, 0);
    // Changelog records of a round: fewer than 8 in each of 7 stores, with those that expire.
    EXPECT_LT(disturbed.restored, 2 * 8 * 7 * kRounds / 3);
}

INSTANTIATE_TEST_SUITE_P(Engines, Rollback,
                         ::testing::Values(StoreEngine::kInMemory, StoreEngine::kRocksDb),
                         [](const auto& each) {
                             return each.param == StoreEngine::kInMemory ? "InMemory" : "RocksDb";
                         });

}  // namespace
}  // namespace millrace
