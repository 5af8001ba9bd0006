// SPDX-License-Identifier: Apache-2.0
#include "millrace/client/kafka_streams.hpp"

#include "core/random.hpp"
#include "millrace/client/query.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "support/counting_topology.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <map>

namespace millrace {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using support::relay_topology;
using ::testing::ElementsAre;
using testing::EmbeddedBroker;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

/// One application on an embedded broker, with the topics in and out.
class EmbeddedStreams : public ::testing::Test {
  protected:
    EmbeddedStreams()
        : state_dir(std::filesystem::temp_directory_path() /
                    ("millrace-test-" + random_uuid(system_random()))) {}
    ~EmbeddedStreams() override { std::filesystem::remove_all(state_dir); }

    void create_topics(std::int32_t partitions) {
        broker.create_topic("in", partitions);
        broker.create_topic("out", partitions);
    }

    StreamsConfig config(const std::string& instance = "one") const {
        StreamsConfig result{.application_id = "app", .state_dir = state_dir / instance};
        result.commit_interval = 20ms;
        result.poll = 20ms;
        return result;
    }

    std::unique_ptr<KafkaStreams> client(const Topology& topology,
                                         const StreamsConfig& with) const {
        return std::make_unique<KafkaStreams>(topology, with, broker.clients());
    }

    void produce(const std::string& key, int count = 1) {
        for (int i = 0; i < count; ++i) {
            broker.produce("in", {.key = key, .value = "v"});
        }
    }

    /// The last value of each key in a topic.
    std::map<std::string, std::string> table(const std::string& topic) const {
        std::map<std::string, std::string> rows;
        for (const auto& record : broker.records(topic)) {
            rows[*record.key] = record.value.value_or("null");
        }
        return rows;
    }

    std::filesystem::path state_dir;
    EmbeddedBroker broker;
    Events processed;
    std::function<void(const support::StringRecord&)> on_record = [this](const auto&) {
        processed.happened();
    };
};

TEST_F(EmbeddedStreams, RelaysRecordsFromTopicToTopic) {
    create_topics(2);
    produce("a", 3);
    const auto streams = client(relay_topology(on_record), config());

    streams->start();
    ASSERT_TRUE(processed.wait_for(3));
    produce("b");
    ASSERT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(streams->close(10s));

    EXPECT_EQ(streams->state(), ClientState::kNotRunning);
    EXPECT_EQ(broker.records("out").size(), 4U);
    std::int64_t committed = 0;
    for (const auto& [partition, offset] : broker.committed_offsets("app")) {
        committed += offset;
    }
    EXPECT_EQ(committed, 4);
}

TEST_F(EmbeddedStreams, CountsWithAChangelog) {
    create_topics(1);
    produce("a", 3);
    produce("b");
    const auto streams = client(counting_topology(on_record), config());

    streams->start();
    ASSERT_TRUE(processed.wait_for(4));
    EXPECT_TRUE(streams->close(10s));

    EXPECT_THAT(table("out"), ElementsAre(Pair("a", "3"), Pair("b", "1")));
    EXPECT_THAT(table("app-counts-changelog"), ElementsAre(Pair("a", "3"), Pair("b", "1")));
}

}  // namespace
}  // namespace millrace
