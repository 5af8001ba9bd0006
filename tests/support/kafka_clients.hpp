// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "support/kafka_broker.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

/// The timeout of tests against a real broker.
inline constexpr std::chrono::milliseconds kPatience{30'000};

std::shared_ptr<kafka::ClientSupplier> clients_of(const KafkaBroker& broker);

/// Clients of the shared real broker.
std::shared_ptr<kafka::ClientSupplier> real_clients();

/// Creates a topic with that many partitions and a unique name; returns the name.
std::string make_topic(kafka::ClientSupplier& clients, const std::string& prefix,
                       Partition partitions = 1,
                       const std::map<std::string, std::string>& config = {});

/// Stores its calls.
class RecordingProducerListener : public kafka::ProducerListener {
  public:
    struct Failure {
        std::string topic;
        NullableOwnedBytes value;
        Headers headers;
        kafka::Status status;
    };

    void on_failed_delivery(const kafka::FailedDelivery& failed) override;
    void on_error(const kafka::Status& status) override { errors.push_back(status); }

    std::vector<Failure> failures;
    std::vector<kafka::Status> errors;
};

/// Starts every partition at `start`, or at the beginning, and stores its calls.
class RecordingConsumerListener : public kafka::ConsumerListener {
  public:
    std::vector<kafka::StartPosition> on_assigned(
        const std::vector<TopicPartition>& partitions) override;
    void on_revoked(const std::vector<TopicPartition>& partitions) override;
    void on_lost(const std::vector<TopicPartition>& partitions) override;
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override {
        partition_errors.emplace_back(partition, status);
    }
    void on_error(const kafka::Status& status) override { errors.push_back(status); }

    std::map<TopicPartition, Offset> start;
    std::vector<TopicPartition> owned;
    std::vector<TopicPartition> lost;
    std::vector<std::pair<TopicPartition, kafka::Status>> partition_errors;
    std::vector<kafka::Status> errors;
    int assignments = 0;
    int revocations = 0;

    /// Called before partitions are revoked.
    std::function<void(const std::vector<TopicPartition>&)> before_revoked;
};

/// Assigns partition p of every topic to member p modulo the number of members, in order of member
/// id, and sends each member its own user data.
class ToyAssignor : public kafka::GroupAssignor {
  public:
    explicit ToyAssignor(std::string tells) : tells_(std::move(tells)) {}

    std::string name() const override { return "toy"; }
    Bytes subscription_user_data() override { return tells_; }
    std::map<std::string, kafka::MemberAssignment> assign(
        const std::vector<kafka::GroupMember>& members,
        const kafka::PartitionCounts& topics) override;
    void on_assignment(const std::vector<TopicPartition>& partitions, BytesView user_data) override;

    /// The members' subscription data, in order of member id, as of the last assign().
    std::vector<kafka::GroupMember> members_seen() const;
    kafka::PartitionCounts topics_seen() const;
    /// The user data of this member's last assignment, and the number of assignments.
    Bytes told() const;
    int rounds() const;

  private:
    const std::string tells_;
    mutable std::mutex mutex_;
    std::vector<kafka::GroupMember> members_;
    kafka::PartitionCounts topics_;
    Bytes told_;
    int rounds_ = 0;
};

/// A copy of a consumed message.
struct ConsumedRecord {
    NullableOwnedBytes key;
    NullableOwnedBytes value;
    Timestamp timestamp;
    Offset offset;
    Headers headers;
};

/// Polls until `count` records of that partition were read or the timeout has passed; returns them.
std::vector<ConsumedRecord> read_records(kafka::Consumer& consumer, const TopicPartition& partition,
                                         std::size_t count);

/// Polls the consumers in turn until `done` or the timeout; returns whether it was done.
bool poll_until(const std::vector<kafka::Consumer*>& consumers, const std::function<bool()>& done);

/// Sends the values to one partition and waits until they are acknowledged.
void send_values(kafka::ClientSupplier& clients, const TopicPartition& partition,
                 const std::vector<std::string>& values);

}  // namespace millrace::testing
