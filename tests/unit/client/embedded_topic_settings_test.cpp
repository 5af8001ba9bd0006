// SPDX-License-Identifier: Apache-2.0

// "topic." sets internal-topic settings, unless a store requires another value.
#include "millrace/millrace.hpp"
#include "support/embedded_application.hpp"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class EmbeddedTopicSettings : public support::EmbeddedApplication {
  protected:
    /// Counts by key and day.
    Topology daily() {
        StreamsBuilder builder;
        builder.stream<std::string, std::string>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of(24h))
            .count({.store = "counts"})
            .to_stream_by([](const Windowed<std::string>& key, const auto&) { return key.key; })
            .map_values([](std::int64_t count) { return std::to_string(count); })
            .peek([this](const std::string&) { processed.happened(); })
            .to("out");
        return std::move(builder).build();
    }

    void run_until_processed(int count) {
        StreamsConfig with = config();
        with.set("topic.retention.ms", "60000");
        const auto streams = client(daily(), with);
        streams->start();
        ASSERT_TRUE(processed.wait_for(count));
        ASSERT_TRUE(streams->close(60s));
    }
};

TEST_F(EmbeddedTopicSettings, DoNotShortenTheRetentionOfAWindowStore) {
    create_topics(1);
    const Timestamp earlier = broker.now() - 1h;
    for (int i = 0; i < 3; ++i) {
        broker.produce("in", {.key = "a", .value = "v", .timestamp = earlier});
    }
    run_until_processed(1);

    broker.clean_logs();
    std::filesystem::remove_all(state_dir);
    const int before = processed.count();
    broker.produce("in", {.key = "a", .value = "v", .timestamp = earlier});
    run_until_processed(before + 1);

    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "4")));
}

TEST_F(EmbeddedTopicSettings, ThatTheBrokerRefusesAreNamedWithTheTopic) {
    create_topics(1);
    StreamsConfig with = config();
    with.set("topic.max.message.bytes", "abc");
    const auto streams = client(daily(), with);
    keep_errors(*streams);
    streams->start();
    ASSERT_TRUE(uncaught.wait_for(1));
    EXPECT_TRUE(streams->close(60s));

    EXPECT_THAT(errors(), ElementsAre(AllOf(HasSubstr("cannot create internal topic"),
                                            HasSubstr("app-counts-changelog"),
                                            HasSubstr("max.message.bytes"), HasSubstr("topic.*"))));
}

}  // namespace
}  // namespace millrace
