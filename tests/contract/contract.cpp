// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.hpp"

#include "kafka/rdkafka/rd_client_supplier.hpp"
#include "support/kafka_broker.hpp"

#include <stdexcept>
#include <thread>

namespace millrace::testing {
namespace {

/// More steps than any group needs to become stable.
constexpr int kEmbeddedSteps = 1'000;

/// Manual time starts at a date that real brokers accept for records.
constexpr Timestamp kStart = timestamp_of(1'750'000'000'000);

}  // namespace

Contract::Contract() {
    if (real()) {
        clients_ = kafka::rdkafka_clients({});
    } else {
        broker_ = std::make_unique<EmbeddedBroker>(
            EmbeddedBrokerOptions{.time = BrokerTime::kManual, .start = kStart});
        clients_ = broker_->clients();
    }
    admin_ = clients_->make_admin(completed({}));
}

kafka::ClientSettings Contract::completed(kafka::ClientSettings settings) const {
    if (real()) {
        settings.emplace("bootstrap.servers", KafkaBroker::shared().bootstrap_servers());
    }
    return settings;
}

std::string Contract::unique(const std::string& prefix) const {
    return unique_name(prefix);
}

std::string Contract::create_topic(std::int32_t partitions,
                                   const std::map<std::string, std::string>& config) {
    kafka::NewTopic topic;
    topic.name = unique("contract");
    topic.partitions = partitions;
    topic.config = config;
    require_ok(require_value(admin().create_topics({&topic, 1}, kTimeout)).front());
    // Brokers see a new topic and its leaders shortly after it was created.
    std::vector<TopicPartition> all;
    for (Partition partition = 0; partition < partitions; ++partition) {
        all.push_back({topic.name, partition});
    }
    eventually("leaders of a new topic", [&] {
        return admin()
            .list_offsets(all, kafka::OffsetSpec::kLatest, kafka::Isolation::kReadUncommitted,
                          kTimeout)
            .ok();
    });
    return topic.name;
}

void Contract::eventually(const std::string& what, const std::function<bool()>& step) const {
    if (real()) {
        const auto deadline = std::chrono::steady_clock::now() + kTimeout;
        while (!step()) {
            if (std::chrono::steady_clock::now() > deadline) {
                throw std::runtime_error("did not happen in time: " + what);
            }
        }
        return;
    }
    for (int steps = 0; !step(); ++steps) {
        if (steps == kEmbeddedSteps) {
            throw std::runtime_error("did not happen: " + what);
        }
    }
}

std::chrono::milliseconds Contract::patience() const {
    return std::chrono::milliseconds(real() ? 20 : 0);
}

void Contract::let_pass(std::chrono::milliseconds time) {
    if (real()) {
        std::this_thread::sleep_for(time);
    } else {
        broker_->advance(time);
    }
}

std::unique_ptr<TestConsumer> Contract::make_consumer(kafka::ClientSettings settings,
                                                      std::shared_ptr<TestAssignor> assignor) {
    return std::make_unique<TestConsumer>(
        clients_->make_consumer(completed(std::move(settings)), std::move(assignor)));
}

std::unique_ptr<TestProducer> Contract::make_producer(kafka::ClientSettings settings) {
    return std::make_unique<TestProducer>([&](kafka::ProducerListener& listener) {
        return clients_->make_producer(completed(std::move(settings)), listener);
    });
}

std::vector<RecordCopy> Contract::read(TestConsumer& consumer, std::size_t count) {
    eventually("reading " + std::to_string(count) + " records", [&] {
        consumer.poll(patience());
        return consumer.record_count() >= count;
    });
    return consumer.take_records();
}

std::vector<RecordCopy> Contract::read_all(const TopicPartition& partition,
                                           const std::string& isolation) {
    const auto consumer = make_consumer({{"isolation.level", isolation}});
    const Offset end =
        end_offset(partition, isolation == "read_committed" ? kafka::Isolation::kReadCommitted
                                                            : kafka::Isolation::kReadUncommitted);
    consumer->assign(partition);
    eventually("reading to the end of " + to_string(partition), [&] {
        consumer->poll(patience());
        return (*consumer)->queue(partition)->position().value_or(-1) >= end;
    });
    return consumer->take_records();
}

Offset Contract::end_offset(const TopicPartition& partition, kafka::Isolation isolation) {
    return require_value(admin().list_offsets({&partition, 1}, kafka::OffsetSpec::kLatest,
                                              isolation, kTimeout))
        .front();
}

void Contract::await_committed(const TopicPartition& partition, Offset end) {
    eventually("the end of a transaction in " + to_string(partition),
               [&] { return end_offset(partition, kafka::Isolation::kReadCommitted) == end; });
}

void Contract::poll_until(const std::string& what, const std::vector<TestConsumer*>& consumers,
                          const std::function<bool()>& holds) {
    eventually(what, [&] {
        for (auto* consumer : consumers) {
            consumer->poll(patience());
        }
        return holds();
    });
}

}  // namespace millrace::testing
