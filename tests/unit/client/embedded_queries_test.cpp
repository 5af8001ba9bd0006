// SPDX-License-Identifier: Apache-2.0

// Windows and sessions queried through KafkaStreams::store.
#include "millrace/client/query.hpp"
#include "millrace/core/error.hpp"
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Text = std::string;
using Session = SessionRow<Text, std::int64_t>;
using Window = WindowRow<Text, std::int64_t>;

SessionWindow session(std::int64_t start, std::int64_t end) {
    return {timestamp_of(start), timestamp_of(end)};
}

/// Counts by key, on two partitions: a at 0, 5 and 100 ms, b at 3 ms.
class EmbeddedQueries : public support::EmbeddedApplication {
  protected:
    /// Starts a client with two threads and waits until the counts have changed `times` times.
    template <class Windows>
    std::unique_ptr<KafkaStreams> counts(Windows windows, int times) {
        create_topics(2);
        for (const std::int64_t time : {0, 5, 100}) {
            broker.produce("in", {.key = "a", .value = "v", .timestamp = timestamp_of(time)});
        }
        broker.produce("in", {.key = "b", .value = "v", .timestamp = timestamp_of(3)});
        StreamsBuilder builder;
        builder.stream<Text, Text>("in")
            .group_by_key()
            .windowed_by(windows)
            .count({.store = "visits", .caching = false})
            .to_stream()
            .foreach ([this](const auto&) { processed.happened(); });
        StreamsConfig two_threads = config();
        two_threads.num_stream_threads = 2;
        auto streams = client(std::move(builder).build(), two_threads);
        streams->start();
        EXPECT_TRUE(processed.wait_for(times));
        // Each thread has its task: none moves, and restores, during a query.
        const auto settled = [&] {
            const auto threads = streams->metadata_for_local_threads();
            return std::all_of(threads.begin(), threads.end(), [](const auto& thread) {
                return thread.tasks.size() == 1 && thread.tasks.front().running;
            });
        };
        while (!settled()) {
            std::this_thread::yield();
        }
        return streams;
    }
};

TEST_F(EmbeddedQueries, FindSessions) {
    // One more change: the first session of a is replaced.
    const auto streams = counts(SessionWindows::of(10ms).grace(1h), 5);
    const auto visits = streams->store<ReadOnlySessionStore<Text, std::int64_t>>("visits");

    EXPECT_THAT(visits.fetch("a"),
                ElementsAre(Session{"a", session(0, 5), 2}, Session{"a", session(100, 100), 1}));
    EXPECT_THAT(visits.fetch("nobody"), IsEmpty());
    EXPECT_THAT(visits.find_sessions("a", timestamp_of(6), timestamp_of(100)),
                ElementsAre(Session{"a", session(100, 100), 1}));
    EXPECT_EQ(visits.fetch_session("a", session(0, 5)), 2);
    EXPECT_EQ(visits.fetch_session("a", session(0, 6)), std::nullopt);
    EXPECT_THAT(
        visits.fetch_range("a", "b"),
        UnorderedElementsAre(Session{"a", session(0, 5), 2}, Session{"a", session(100, 100), 1},
                             Session{"b", session(3, 3), 1}));
    ASSERT_TRUE(streams->close(60s));
    EXPECT_THROW(visits.fetch("a"), StateError);
}

TEST_F(EmbeddedQueries, FindWindows) {
    const auto streams = counts(TimeWindows::of(50ms).grace(1h), 4);
    const auto visits = streams->store<ReadOnlyWindowStore<Text, std::int64_t>>("visits");

    EXPECT_THAT(visits.fetch("a", timestamp_of(0), timestamp_of(99)),
                ElementsAre(Window{"a", timestamp_of(0), 2}));
    EXPECT_THAT(
        visits.fetch_all(timestamp_of(0), timestamp_of(100)),
        UnorderedElementsAre(Window{"a", timestamp_of(0), 2}, Window{"a", timestamp_of(100), 1},
                             Window{"b", timestamp_of(0), 1}));
    EXPECT_TRUE(streams->close(60s));
}

TEST_F(EmbeddedQueries, RefuseAStoreOfAnotherKind) {
    const auto streams = counts(TimeWindows::of(50ms).grace(1h), 4);

    EXPECT_THROW((streams->store<ReadOnlySessionStore<Text, std::int64_t>>("visits").fetch("a")),
                 StateError);
    EXPECT_TRUE(streams->close(60s));
}

}  // namespace
}  // namespace millrace
