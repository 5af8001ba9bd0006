// SPDX-License-Identifier: Apache-2.0
#include "integration/application.hpp"

#include "integration/topic_reader.hpp"
#include "support/kafka_broker.hpp"
#include "support/kafka_clients.hpp"

#include <filesystem>
#include <stdexcept>

namespace millrace::testing {

using namespace std::chrono_literals;

Application::Application() : application_(unique_name("application")) {
    if (real()) {
        clients_ = real_clients();
    } else {
        embedded_ = std::make_unique<EmbeddedBroker>();
        clients_ = embedded_->clients();
    }
}

Application::~Application() = default;

std::string Application::create_topic(const std::string& prefix, Partition partitions,
                                      const std::map<std::string, std::string>& config) {
    return make_topic(*clients_, prefix, partitions, config);
}

void Application::create_named_topic(const std::string& name) {
    const kafka::NewTopic topic{.name = name};
    const auto created = clients_->make_admin({})->create_topics({&topic, 1}, kPatience);
    if (!created.ok() || !created.value().at(0).ok()) {
        throw std::runtime_error("cannot create topic " + name);
    }
}

void Application::send(const std::string& topic, const std::vector<Sent>& records) {
    RecordingProducerListener listener;
    const auto producer = clients_->make_producer({}, listener);
    const auto handle = producer->topic(topic);
    for (const Sent& record : records) {
        const auto sent = producer->send({.topic = handle,
                                          .partition = record.partition,
                                          .key = record.key,
                                          .value = record.value,
                                          .timestamp = timestamp_of(kDay + record.time)});
        if (!sent.ok()) {
            throw std::runtime_error("cannot send to " + topic + ": " + sent.message());
        }
    }
    if (!producer->flush(kPatience).ok() || !listener.failures.empty()) {
        throw std::runtime_error("cannot send to " + topic);
    }
}

std::vector<Got> Application::read(const std::string& topic, Partition partitions) const {
    std::vector<Got> records;
    if (real()) {
        const TopicReader reader(KafkaBroker::shared().bootstrap_servers());
        for (auto& record : reader.read_all(topic, partitions)) {
            records.push_back({record.partition, record.key, record.value, record.headers});
        }
        return records;
    }
    for (const BrokerRecord& record : embedded_->records(topic)) {
        Got got{record.partition, record.key.value_or(""), record.value.value_or(""), {}};
        for (const Header& header : record.headers) {
            got.headers[header.key] = header.value.value_or("");
        }
        records.push_back(std::move(got));
    }
    return records;
}

std::vector<std::string> Application::read_lines(const std::string& topic,
                                                 Partition partitions) const {
    std::vector<std::string> lines;
    for (const Got& record : read(topic, partitions)) {
        lines.push_back(record.key + "=" + record.value);
    }
    return lines;
}

bool Application::wait_for_lines(const std::string& topic, std::size_t count) const {
    const support::Events nothing;  // There is no event for added partitions.
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (read(topic, 1).size() < count) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        nothing.wait_for_no_longer_than(20ms);
    }
    return true;
}

StreamsConfig Application::config() const {
    StreamsConfig config{.application_id = application_, .state_dir = folder_.path() / "state"};
    config.commit_interval = 100ms;
    config.poll = 20ms;
    if (real()) {
        config.bootstrap_servers = KafkaBroker::shared().bootstrap_servers();
        config.set("consumer.session.timeout.ms", "6000");
        config.set("consumer.heartbeat.interval.ms", "500");
        config.set("consumer.topic.metadata.refresh.interval.ms", "200");
        config.set("producer.linger.ms", "5");
    }
    return config;
}

std::unique_ptr<KafkaStreams> Application::client(const Topology& topology,
                                                  const StreamsConfig& config) const {
    return std::make_unique<KafkaStreams>(topology, config,
                                          real() ? nullptr : embedded_->clients());
}

void Application::forget_state() {
    std::filesystem::remove_all(folder_.path() / "state");
}

}  // namespace millrace::testing
