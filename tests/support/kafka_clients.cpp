// SPDX-License-Identifier: Apache-2.0
#include "support/kafka_clients.hpp"

#include "kafka/rdkafka/rd_client_supplier.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace millrace::testing {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

void require_ok(const kafka::Status& status) {
    if (!status.ok()) {
        throw std::runtime_error(status.message());
    }
}

}  // namespace

std::shared_ptr<kafka::ClientSupplier> clients_of(const KafkaBroker& broker) {
    return kafka::rdkafka_clients({{"bootstrap.servers", broker.bootstrap_servers()}});
}

std::shared_ptr<kafka::ClientSupplier> real_clients() {
    return clients_of(KafkaBroker::shared());
}

std::string make_topic(kafka::ClientSupplier& clients, const std::string& prefix,
                       Partition partitions, const std::map<std::string, std::string>& config) {
    const kafka::NewTopic topic{
        .name = unique_name(prefix), .partitions = partitions, .config = config};
    const auto created = clients.make_admin({})->create_topics({&topic, 1}, kPatience);
    require_ok(created.status());
    require_ok(created.value().at(0));
    return topic.name;
}

void RecordingProducerListener::on_failed_delivery(const kafka::FailedDelivery& failed) {
    failures.push_back({std::string(failed.topic),
                        failed.value ? NullableOwnedBytes(*failed.value) : std::nullopt,
                        failed.headers, failed.status});
}

std::vector<kafka::StartPosition> RecordingConsumerListener::on_assigned(
    const std::vector<TopicPartition>& partitions) {
    ++assignments;
    std::vector<kafka::StartPosition> positions;
    for (const auto& which : partitions) {
        owned.push_back(which);
        const auto from = start.find(which);
        positions.push_back({which, from != start.end() ? from->second : kafka::kFromBeginning});
    }
    return positions;
}

void RecordingConsumerListener::on_revoked(const std::vector<TopicPartition>& partitions) {
    ++revocations;
    if (before_revoked) {
        before_revoked(partitions);
    }
    std::erase_if(owned, [&](const TopicPartition& which) {
        return std::find(partitions.begin(), partitions.end(), which) != partitions.end();
    });
}

void RecordingConsumerListener::on_lost(const std::vector<TopicPartition>& partitions) {
    lost.insert(lost.end(), partitions.begin(), partitions.end());
    std::erase_if(owned, [&](const TopicPartition& which) {
        return std::find(partitions.begin(), partitions.end(), which) != partitions.end();
    });
}

std::map<std::string, kafka::MemberAssignment> ToyAssignor::assign(
    const std::vector<kafka::GroupMember>& members, const kafka::PartitionCounts& topics) {
    std::vector<kafka::GroupMember> sorted = members;
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.member_id < b.member_id; });
    std::map<std::string, kafka::MemberAssignment> all;
    for (const auto& member : sorted) {
        all[member.member_id].user_data = "for " + member.user_data;
    }
    for (const auto& [topic, count] : topics) {
        for (Partition p = 0; p < count; ++p) {
            const auto& owner = sorted[static_cast<std::size_t>(p) % sorted.size()];
            all[owner.member_id].partitions.push_back({topic, p});
        }
    }
    const std::lock_guard lock(mutex_);
    members_ = std::move(sorted);
    topics_ = topics;
    return all;
}

void ToyAssignor::on_assignment(const std::vector<TopicPartition>&, BytesView user_data) {
    const std::lock_guard lock(mutex_);
    told_ = Bytes(user_data);
    ++rounds_;
}

std::vector<kafka::GroupMember> ToyAssignor::members_seen() const {
    const std::lock_guard lock(mutex_);
    return members_;
}

kafka::PartitionCounts ToyAssignor::topics_seen() const {
    const std::lock_guard lock(mutex_);
    return topics_;
}

Bytes ToyAssignor::told() const {
    const std::lock_guard lock(mutex_);
    return told_;
}

int ToyAssignor::rounds() const {
    const std::lock_guard lock(mutex_);
    return rounds_;
}

std::vector<ConsumedRecord> read_records(kafka::Consumer& consumer, const TopicPartition& partition,
                                         std::size_t count) {
    std::vector<ConsumedRecord> records;
    std::vector<kafka::Message> messages;
    const auto deadline = steady_clock::now() + kPatience;
    while (records.size() < count && steady_clock::now() < deadline) {
        consumer.poll(milliseconds(100));
        if (auto* queue = consumer.queue(partition)) {
            queue->read(messages, count - records.size());
        }
        for (const auto& message : messages) {
            Headers headers;
            message.refer_headers(headers);
            records.push_back(
                {message.key() ? NullableOwnedBytes(*message.key()) : std::nullopt,
                 message.value() ? NullableOwnedBytes(*message.value()) : std::nullopt,
                 message.timestamp(), message.offset(), headers});
        }
        messages.clear();
    }
    return records;
}

bool poll_until(const std::vector<kafka::Consumer*>& consumers, const std::function<bool()>& done) {
    const auto deadline = steady_clock::now() + kPatience;
    while (!done()) {
        if (steady_clock::now() >= deadline) {
            return false;
        }
        if (consumers.empty()) {
            std::this_thread::sleep_for(milliseconds(20));
        }
        for (auto* consumer : consumers) {
            consumer->poll(milliseconds(20));
        }
    }
    return true;
}

void send_values(kafka::ClientSupplier& clients, const TopicPartition& partition,
                 const std::vector<std::string>& values) {
    RecordingProducerListener listener;
    const auto producer = clients.make_producer({{"linger.ms", "0"}}, listener);
    const kafka::TopicHandle topic = producer->topic(partition.topic);
    for (const auto& value : values) {
        require_ok(
            producer->send({.topic = topic, .partition = partition.partition, .value = value}));
    }
    require_ok(producer->flush(kPatience));
    if (!listener.failures.empty()) {
        require_ok(listener.failures.front().status);
    }
}

}  // namespace millrace::testing
