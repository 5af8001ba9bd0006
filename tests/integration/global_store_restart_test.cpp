// SPDX-License-Identifier: Apache-2.0

// A global store that resumes from its state on disk, on a real Apache Kafka.
#include "millrace/client/kafka_streams.hpp"
#include "millrace/client/query.hpp"
#include "millrace/millrace.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

using Text = std::string;

void send(kafka::ClientSupplier& clients, const std::string& topic, const Text& key) {
    RecordingProducerListener listener;
    const auto producer = clients.make_producer({{"linger.ms", "0"}}, listener);
    const kafka::TopicHandle handle = producer->topic(topic);
    ASSERT_TRUE(producer->send({.topic = handle, .partition = 0, .key = key, .value = "v"}).ok());
    ASSERT_TRUE(producer->flush(kPatience).ok());
}

TEST(GlobalStoreRestart, ReadsOnlyNewRecordsFromItsStartPosition) {
    KafkaBroker& broker = KafkaBroker::shared();
    const auto clients = clients_of(broker);
    const std::string names = make_topic(*clients, "global-names", 1);
    const std::string in = make_topic(*clients, "global-in", 1);
    const auto state_dir = std::filesystem::temp_directory_path() / unique_name("millrace-state");
    StreamsBuilder builder;
    builder.global_table<Text, Text>(names, {.store = "names"});
    builder.stream<Text, Text>(in).foreach ([](const auto&, const auto&) {});
    const Topology topology = std::move(builder).build();
    StreamsConfig config{.application_id = unique_name("global-app"),
                         .bootstrap_servers = broker.bootstrap_servers(),
                         .state_dir = state_dir};

    std::vector<std::pair<Offset, Offset>> ranges;
    for (int run = 0; run < 3; ++run) {
        if (run < 2) {
            send(*clients, names, "key-" + std::to_string(run));
        }
        KafkaStreams streams(topology, config);
        streams.set_state_restore_listener(
            {.on_restore_start = [&](const TopicPartition&, const Text&, Offset start, Offset end) {
                ranges.emplace_back(start, end);
            }});
        streams.start();
        const auto rows = streams.store<ReadOnlyKeyValueStore<Text, Text>>("names").all();
        EXPECT_EQ(rows.size(), run < 1 ? 1U : 2U);
        EXPECT_TRUE(streams.close(kPatience));
    }
    EXPECT_THAT(ranges, ElementsAre(Pair(0, 1), Pair(1, 2), Pair(2, 2)));
    std::filesystem::remove_all(state_dir);
}

}  // namespace
}  // namespace millrace::testing
