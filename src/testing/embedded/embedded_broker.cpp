// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/embedded_broker.hpp"

#include "testing/embedded/broker/cluster.hpp"
#include "testing/embedded/clients/embedded_clients.hpp"
#include "testing/embedded/test_records.hpp"

#include <limits>
#include <utility>

namespace millrace::testing {
namespace {

using embedded::PartitionLog;
using embedded::refuse;
using embedded::require_ok;

PartitionLog& require_log(embedded::Cluster& cluster, const TopicPartition& partition) {
    const auto log = cluster.topics().find(partition);
    if (log == nullptr) {
        refuse("no such partition: " + to_string(partition));
    }
    return *log;
}

NullableOwnedBytes copy_of(const NullableBytes& bytes) {
    return bytes ? NullableOwnedBytes(Bytes(*bytes)) : std::nullopt;
}

BrokerRecord record_at(const PartitionLog& log, const embedded::FetchedSlice& slice,
                       std::uint32_t index) {
    const auto view = slice.batch->record(index);
    BrokerRecord record;
    record.partition = log.which().partition;
    record.offset = slice.base + slice.batch->entry(index).offset_delta;
    record.key = copy_of(view.key);
    record.value = copy_of(view.value);
    record.timestamp = timestamp_of(view.timestamp);
    std::vector<Header> headers;
    embedded::decode_headers(view.encoded_headers, headers);
    for (auto& header : headers) {
        record.headers.add(std::move(header.key), std::move(header.value));
    }
    return record;
}

void append_records(const PartitionLog& log, RecordsShown shown, std::vector<BrokerRecord>& out) {
    const auto isolation = shown == RecordsShown::kCommitted ? kafka::Isolation::kReadCommitted
                                                             : kafka::Isolation::kReadUncommitted;
    std::vector<embedded::FetchedSlice> slices;
    log.fetch(log.start(), isolation, std::numeric_limits<std::size_t>::max(), slices);
    for (const auto& slice : slices) {
        for (std::uint32_t index = slice.next; index < slice.end; ++index) {
            out.push_back(record_at(log, slice, index));
        }
    }
}

}  // namespace

EmbeddedBroker::EmbeddedBroker(EmbeddedBrokerOptions options)
    : cluster_(std::make_shared<embedded::Cluster>(options)) {}

EmbeddedBroker::~EmbeddedBroker() = default;

std::shared_ptr<kafka::ClientSupplier> EmbeddedBroker::clients() const {
    return std::make_shared<embedded::EmbeddedClients>(cluster_);
}

void EmbeddedBroker::create_topic(const std::string& name, std::int32_t partitions,
                                  const std::map<std::string, std::string>& config) {
    const auto lock = cluster_->lock();
    const std::int32_t count =
        partitions == 0 ? cluster_->options().default_partitions : partitions;
    require_ok(cluster_->topics().create({name, count, -1, config}));
    cluster_->topics_changed();
}

void EmbeddedBroker::add_partitions(const std::string& topic, std::int32_t total) {
    const auto lock = cluster_->lock();
    require_ok(cluster_->topics().grow(topic, total));
    cluster_->topics_changed();
}

void EmbeddedBroker::delete_topic(const std::string& name) {
    const auto lock = cluster_->lock();
    require_ok(cluster_->delete_topic(name));
}

std::map<std::string, std::int32_t> EmbeddedBroker::topics() const {
    const auto lock = cluster_->lock();
    return cluster_->topics().counts();
}

void EmbeddedBroker::produce(const std::string& topic, const NewRecord& record) {
    const auto lock = cluster_->lock();
    require_ok(embedded::append_record(*cluster_, embedded::log_for(*cluster_, topic, record),
                                       record, {}));
}

EmbeddedTransaction EmbeddedBroker::begin_transaction(const std::string& transactional_id) {
    return {cluster_, transactional_id};
}

std::vector<BrokerRecord> EmbeddedBroker::records(const std::string& topic,
                                                  RecordsShown shown) const {
    const auto lock = cluster_->lock();
    const auto found = cluster_->topics().find(topic);
    if (found == nullptr) {
        refuse("no such topic: " + topic);
    }
    std::vector<BrokerRecord> records;
    for (const auto& log : found->partitions) {
        append_records(*log, shown, records);
    }
    return records;
}

std::vector<BrokerRecord> EmbeddedBroker::records(const TopicPartition& partition,
                                                  RecordsShown shown) const {
    const auto lock = cluster_->lock();
    std::vector<BrokerRecord> records;
    append_records(require_log(*cluster_, partition), shown, records);
    return records;
}

Offset EmbeddedBroker::end_offset(const TopicPartition& partition) const {
    const auto lock = cluster_->lock();
    return require_log(*cluster_, partition).end();
}

void EmbeddedBroker::clean_logs() {
    const auto lock = cluster_->lock();
    cluster_->clean_logs();
}

std::map<TopicPartition, Offset> EmbeddedBroker::committed_offsets(const std::string& group) const {
    const auto lock = cluster_->lock();
    std::map<TopicPartition, Offset> offsets;
    if (const auto* found = cluster_->find_group(group)) {
        for (const auto& [partition, committed] : found->offsets().committed()) {
            offsets.emplace(partition, committed.offset.value_or(0));
        }
    }
    return offsets;
}

std::vector<BrokerGroupMember> EmbeddedBroker::members(const std::string& group) const {
    const auto lock = cluster_->lock();
    std::vector<BrokerGroupMember> members;
    if (const auto* found = cluster_->find_group(group)) {
        for (const auto& [id, member] : found->members()) {
            members.push_back({id, member.settings.client_id, member.settings.instance_id,
                               member.current.partitions});
        }
    }
    return members;
}

std::int32_t EmbeddedBroker::generation(const std::string& group) const {
    const auto lock = cluster_->lock();
    const auto* found = cluster_->find_group(group);
    return found == nullptr ? 0 : found->generation();
}

Timestamp EmbeddedBroker::now() const {
    return timestamp_of(cluster_->clock().now());
}

void EmbeddedBroker::advance(std::chrono::milliseconds by) {
    if (!cluster_->clock().manual()) {
        refuse("time can be advanced with BrokerTime::kManual only");
    }
    const auto lock = cluster_->lock();
    cluster_->advance(by);
}

void EmbeddedBroker::set_available(bool available) {
    const auto lock = cluster_->lock();
    cluster_->set_available(available);
}

void EmbeddedBroker::disconnect(const std::string& client_id) {
    const auto lock = cluster_->lock();
    cluster_->disconnect(client_id);
}

void EmbeddedBroker::reconnect(const std::string& client_id) {
    const auto lock = cluster_->lock();
    cluster_->reconnect(client_id);
}

void EmbeddedBroker::fail_next(BrokerOperation operation, BrokerFault fault, FaultMoment moment) {
    const auto lock = cluster_->lock();
    cluster_->faults().plan(operation, fault, moment, std::chrono::seconds{1});
}

void EmbeddedBroker::truncate(const TopicPartition& partition, Offset offset) {
    const auto lock = cluster_->lock();
    PartitionLog& log = require_log(*cluster_, partition);
    if (offset < log.start() || offset > log.end()) {
        refuse("cannot truncate " + to_string(partition) + " at offset " + std::to_string(offset) +
               ": its log has offsets " + std::to_string(log.start()) + " to " +
               std::to_string(log.end()));
    }
    log.truncate(offset);
}

void EmbeddedBroker::expire_member(const std::string& group, const std::string& member_id) {
    const auto lock = cluster_->lock();
    auto* found = cluster_->find_group(group);
    if (found == nullptr || found->find(member_id) == nullptr) {
        refuse("no such member: " + member_id);
    }
    found->remove(member_id);
}

bool EmbeddedBroker::expire_transaction(const std::string& transactional_id) {
    const auto lock = cluster_->lock();
    return cluster_->transactions().expire(transactional_id, cluster_->clock().now());
}

}  // namespace millrace::testing
