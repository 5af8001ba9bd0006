// SPDX-License-Identifier: Apache-2.0

// The main cases of embedded_topics_test.cpp, on a real Apache Kafka.
#include "integration/topic_reader.hpp"
#include "kafka/admin.hpp"
#include "millrace/client/kafka_streams.hpp"
#include "support/counting_topology.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <gmock/gmock.h>

#include <librdkafka/rdkafka.h>

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing {
namespace {

using namespace std::chrono_literals;
using support::counting_topology;
using support::Events;
using support::StringRecord;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ChangingTopicsOnKafka : public ::testing::Test {
  protected:
    ChangingTopicsOnKafka()
        : application(unique_name("topics-app")),
          state_dir(std::filesystem::temp_directory_path() / unique_name("millrace-state")) {}
    ~ChangingTopicsOnKafka() override { std::filesystem::remove_all(state_dir); }

    std::unique_ptr<KafkaStreams> client(const Topology& topology) {
        StreamsConfig config{.application_id = application,
                             .bootstrap_servers = broker.bootstrap_servers(),
                             .state_dir = state_dir};
        config.commit_interval = 100ms;
        config.set("metadata.max.age.ms", "500");
        config.set("producer.linger.ms", "5");
        // How long librdkafka caches that a topic does not exist; default 30 s.
        config.set("consumer.topic.metadata.propagation.max.ms", "1000");
        config.set("producer.topic.metadata.propagation.max.ms", "1000");
        auto streams = std::make_unique<KafkaStreams>(topology, config);
        streams->set_uncaught_exception_handler([this](const std::exception& error) {
            const std::scoped_lock lock(mutex);
            errors.emplace_back(error.what());
            return UncaughtDecision::kShutDownClient;
        });
        return streams;
    }

    void create(const std::string& name, std::int32_t partitions) {
        const kafka::NewTopic topic{name, partitions};
        const auto created = admin->create_topics({&topic, 1}, kPatience);
        ASSERT_TRUE(created.ok() && created.value().at(0).ok());
    }

    void erase(const std::string& topic) {
        const auto erased = admin->delete_topics({&topic, 1}, kPatience);
        ASSERT_TRUE(erased.ok() && erased.value().at(0).ok());
    }

    void send(const std::string& topic, const std::string& key, const std::string& value = "v") {
        RecordingProducerListener listener;
        const auto producer = clients->make_producer({}, listener);
        ASSERT_TRUE(
            producer
                ->send(
                    {.topic = producer->topic(topic), .partition = 0, .key = key, .value = value})
                .ok());
        ASSERT_TRUE(producer->flush(kPatience).ok());
    }

    /// Adds partitions, which Millrace itself never does.
    void grow(const std::string& topic, std::size_t total) const {
        std::array<char, 256> reason{};
        rd_kafka_conf_t* settings = rd_kafka_conf_new();
        rd_kafka_conf_set(settings, "bootstrap.servers", broker.bootstrap_servers().c_str(),
                          reason.data(), reason.size());
        const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> handle(
            rd_kafka_new(RD_KAFKA_PRODUCER, settings, reason.data(), reason.size()),
            rd_kafka_destroy);
        const std::unique_ptr<rd_kafka_queue_t, decltype(&rd_kafka_queue_destroy)> answers(
            rd_kafka_queue_new(handle.get()), rd_kafka_queue_destroy);
        rd_kafka_NewPartitions_t* more =
            rd_kafka_NewPartitions_new(topic.c_str(), total, reason.data(), reason.size());
        rd_kafka_CreatePartitions(handle.get(), &more, 1, nullptr, answers.get());
        const std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)> answer(
            rd_kafka_queue_poll(answers.get(), static_cast<int>(kPatience.count())),
            rd_kafka_event_destroy);
        rd_kafka_NewPartitions_destroy(more);
        ASSERT_NE(answer, nullptr);
        ASSERT_EQ(rd_kafka_event_error(answer.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    }

    static bool eventually(const std::function<bool()>& done) {
        const Events never;
        for (int look = 0; look < 300 && !done(); ++look) {
            never.wait_for_no_longer_than(100ms);
        }
        return done();
    }

    std::vector<std::string> told() {
        const std::scoped_lock lock(mutex);
        return errors;
    }

    KafkaBroker& broker = KafkaBroker::shared();
    std::shared_ptr<kafka::ClientSupplier> clients = clients_of(broker);
    std::unique_ptr<kafka::Admin> admin = clients->make_admin({});
    std::string application;
    std::filesystem::path state_dir;
    Events processed;
    std::function<void(const StringRecord&)> on_record = [this](const StringRecord&) {
        processed.happened();
    };
    std::mutex mutex;
    std::vector<std::string> errors;
};

TEST_F(ChangingTopicsOnKafka, AnInputThatGrowsUnderStatefulTasksStopsTheClientWithTheRemedy) {
    const std::string in = make_topic(*clients, "grows-in", 2);
    const std::string out = make_topic(*clients, "grows-out", 2);
    const auto streams = client(counting_topology(on_record, in, out));
    streams->start();
    send(in, "a");
    ASSERT_TRUE(processed.wait_for(1));

    grow(in, 4);

    EXPECT_TRUE(streams->wait_for(ClientState::kError, kPatience));
    EXPECT_THAT(told(), ElementsAre(AllOf(HasSubstr("changelog has 2"), HasSubstr("needs 4"),
                                          HasSubstr(in + " has 4"), HasSubstr("Reset"))));
}

TEST_F(ChangingTopicsOnKafka, ASourceTopicThatIsDeletedStopsTheClientAndIsNamed) {
    const std::string in = make_topic(*clients, "deleted-in", 2);
    const std::string out = make_topic(*clients, "deleted-out", 2);
    const auto streams = client(counting_topology(on_record, in, out));
    streams->start();
    send(in, "a");
    ASSERT_TRUE(processed.wait_for(1));

    erase(in);

    EXPECT_TRUE(streams->wait_for(ClientState::kError, kPatience));
    EXPECT_THAT(told(), ElementsAre(HasSubstr("source topics do not exist: " + in)));
}

TEST_F(ChangingTopicsOnKafka, ATaskThatLosesOneOfItsTopicsContinuesAndGetsItBack) {
    const std::string prefix = unique_name("pattern");
    create(prefix + "-1", 1);
    create(prefix + "-2", 1);
    const std::string out = make_topic(*clients, "pattern-out", 1);
    auto spec =
        std::make_shared<detail::TopologySpec>(support::relay_topology(on_record, "-", out).spec());
    spec->nodes.at(0).topics.clear();
    spec->nodes.at(0).pattern = prefix + "-[0-9]";
    const auto streams = client(Topology(spec));
    streams->start();
    send(prefix + "-1", "a");
    send(prefix + "-2", "b");
    ASSERT_TRUE(processed.wait_for(2));

    erase(prefix + "-2");
    ASSERT_TRUE(eventually([&] {
        const auto threads = streams->metadata_for_local_threads();
        return threads.at(0).tasks.size() == 1 && threads[0].tasks[0].inputs.size() == 1;
    }));
    send(prefix + "-1", "c");
    EXPECT_TRUE(processed.wait_for(3));
    create(prefix + "-2", 1);
    send(prefix + "-2", "d");
    send(prefix + "-1", "e");

    EXPECT_TRUE(eventually([&] {
        std::set<std::string> keys;
        for (const auto& record : TopicReader(broker.bootstrap_servers()).read_all(out, 1)) {
            keys.insert(record.key);
        }
        return keys.contains("d") && keys.contains("e");
    }));
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_TRUE(streams->close(kPatience));
}

TEST_F(ChangingTopicsOnKafka, AMissingOutputTopicIsWaitedFor) {
    const std::string in = make_topic(*clients, "missing-in", 1);
    const std::string out = unique_name("missing-out");
    const auto streams = client(support::relay_topology(on_record, in, out));
    streams->start();
    send(in, "a");
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, kPatience));
    EXPECT_FALSE(streams->wait_for(ClientState::kError, 2s));

    create(out, 1);

    EXPECT_TRUE(processed.wait_for(1));
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_TRUE(streams->close(kPatience));
}

TEST_F(ChangingTopicsOnKafka, ADeletedChangelogIsCreatedAgain) {
    const std::string in = make_topic(*clients, "changelog-in", 1);
    const std::string out = make_topic(*clients, "changelog-out", 1);
    const std::string changelog = application + "-counts-changelog";
    const auto streams = client(counting_topology(on_record, in, out));
    streams->start();
    send(in, "a");
    ASSERT_TRUE(processed.wait_for(1));
    ASSERT_TRUE(streams->wait_for(ClientState::kRunning, kPatience));

    erase(changelog);
    send(in, "b");

    EXPECT_TRUE(eventually([&] {
        const auto found = admin->describe_topics({&changelog, 1}, kPatience);
        return found.ok() && found.value().contains(changelog);
    }));
    EXPECT_TRUE(eventually([&] { return streams->state() == ClientState::kRunning; }));
    send(in, "c");
    EXPECT_TRUE(eventually([&] {
        const auto records = TopicReader(broker.bootstrap_servers()).read_all(out, 1);
        return !records.empty() && records.back().key == "c";
    }));
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_TRUE(streams->close(kPatience));
}

}  // namespace
}  // namespace millrace::testing
