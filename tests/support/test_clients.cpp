// SPDX-License-Identifier: Apache-2.0
#include "support/test_clients.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace::testing {
namespace {

NullableOwnedBytes copy_of(const NullableBytes& bytes) {
    return bytes ? NullableOwnedBytes(Bytes(*bytes)) : std::nullopt;
}

}  // namespace

void require_ok(const kafka::Status& status) {
    if (!status.ok()) {
        throw std::runtime_error("refused: " + status.message());
    }
}

RecordCopy copy_of(const TopicPartition& partition, const kafka::Message& message) {
    RecordCopy record;
    record.partition = partition;
    record.key = copy_of(message.key());
    record.value = copy_of(message.value());
    record.timestamp = message.timestamp();
    record.offset = message.offset();
    Headers headers;
    message.refer_headers(headers);
    record.headers = headers;
    return record;
}

std::vector<std::string> values_of(const std::vector<RecordCopy>& records) {
    std::vector<std::string> values;
    for (const auto& record : records) {
        values.push_back(record.value.value_or("null"));
    }
    return values;
}

void TestAssignor::set_user_data(Bytes user_data) {
    const std::lock_guard lock(mutex_);
    user_data_ = std::move(user_data);
}

void TestAssignor::set_rule(Rule rule) {
    const std::lock_guard lock(mutex_);
    rule_ = std::move(rule);
}

std::vector<kafka::GroupMember> TestAssignor::members_seen() const {
    const std::lock_guard lock(mutex_);
    return members_seen_;
}

kafka::PartitionCounts TestAssignor::topics_seen() const {
    const std::lock_guard lock(mutex_);
    return topics_seen_;
}

std::optional<Bytes> TestAssignor::assignment_user_data() const {
    const std::lock_guard lock(mutex_);
    return assignment_user_data_;
}

Bytes TestAssignor::subscription_user_data() {
    const std::lock_guard lock(mutex_);
    return user_data_;
}

TestAssignor::Assignments TestAssignor::assign(const std::vector<kafka::GroupMember>& members,
                                               const kafka::PartitionCounts& topics) {
    const std::lock_guard lock(mutex_);
    members_seen_ = members;
    topics_seen_ = topics;
    if (rule_) {
        return rule_(members, topics);
    }
    Assignments assignments;
    for (const auto& member : members) {
        assignments[member.member_id].user_data = "for " + member.user_data;
    }
    auto next = assignments.begin();
    for (const auto& [topic, count] : topics) {
        for (Partition partition = 0; partition < count; ++partition) {
            next->second.partitions.push_back({topic, partition});
            if (++next == assignments.end()) {
                next = assignments.begin();
            }
        }
    }
    return assignments;
}

void TestAssignor::on_assignment(const std::vector<TopicPartition>& /*partitions*/,
                                 BytesView user_data) {
    const std::lock_guard lock(mutex_);
    assignment_user_data_ = Bytes(user_data);
}

TestConsumer::~TestConsumer() {
    when_revoked_ = nullptr;
    consumer_->close(kTimeout);
}

void TestConsumer::assign(const TopicPartition& partition, Offset offset) {
    const kafka::StartPosition start{partition, offset};
    require_ok(consumer_->assign({&start, 1}, *this));
    held_.insert(partition);
}

void TestConsumer::subscribe(const std::string& topic) {
    require_ok(consumer_->subscribe({{topic}, {}}, *this));
}

void TestConsumer::poll(std::chrono::milliseconds timeout) {
    consumer_->poll(timeout);
    for (const auto& partition : held_) {
        auto* queue = consumer_->queue(partition);
        if (queue == nullptr) {
            continue;
        }
        std::vector<kafka::Message> messages;
        while (queue->read(messages, 100) > 0) {
        }
        for (const auto& message : messages) {
            records_.push_back(copy_of(partition, message));
        }
    }
}

bool TestConsumer::has_error(kafka::ErrorCode code) const {
    return std::any_of(errors_.begin(), errors_.end(),
                       [&](const kafka::Status& status) { return status.code() == code; });
}

bool TestConsumer::has_partition_error(kafka::ErrorCode code) const {
    return std::any_of(partition_errors_.begin(), partition_errors_.end(),
                       [&](const auto& error) { return error.second.code() == code; });
}

void TestConsumer::tell(const char* what, std::vector<TopicPartition> partitions) {
    if (!partitions.empty()) {
        std::sort(partitions.begin(), partitions.end());
        told_.emplace_back(what, std::move(partitions));
    }
}

std::vector<kafka::StartPosition> TestConsumer::on_assigned(
    const std::vector<TopicPartition>& partitions) {
    std::vector<kafka::StartPosition> starts;
    for (const auto& partition : partitions) {
        if (gives_starts_) {
            starts.push_back(
                {partition, start_rule_ ? start_rule_(partition) : kafka::kFromBeginning});
        }
        held_.insert(partition);
    }
    tell("assigned", partitions);
    return starts;
}

void TestConsumer::on_revoked(const std::vector<TopicPartition>& partitions) {
    for (const auto& partition : partitions) {
        held_.erase(partition);
    }
    tell("revoked", partitions);
    if (when_revoked_) {
        when_revoked_(partitions);
    }
}

void TestConsumer::on_lost(const std::vector<TopicPartition>& partitions) {
    for (const auto& partition : partitions) {
        held_.erase(partition);
    }
    tell("lost", partitions);
}

void TestConsumer::on_partition_error(const TopicPartition& partition,
                                      const kafka::Status& status) {
    partition_errors_.emplace_back(partition, status);
}

void TestConsumer::on_error(const kafka::Status& status) {
    errors_.push_back(status);
}

void TestProducer::send(const std::string& topic, const NullableBytes& key,
                        const NullableBytes& value) {
    kafka::ProducerRecord record;
    record.topic = producer_->topic(topic);
    record.partition = 0;
    record.key = key;
    record.value = value;
    require_ok(producer_->send(record));
}

void TestProducer::flush() {
    require_ok(producer_->flush(kTimeout));
}

void TestProducer::init() {
    require_ok(producer_->init_transactions(kTimeout));
}

void TestProducer::begin() {
    require_ok(producer_->begin_transaction());
}

void TestProducer::commit() {
    require_ok(producer_->commit_transaction(kTimeout));
}

void TestProducer::abort() {
    require_ok(producer_->abort_transaction(kTimeout));
}

void TestProducer::on_failed_delivery(const kafka::FailedDelivery& failed) {
    failed_.push_back({copy_of(failed.key), copy_of(failed.value), failed.status});
}

}  // namespace millrace::testing
