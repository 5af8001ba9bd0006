// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/producer.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing {

/// Long enough for a broker on the same machine.
inline constexpr std::chrono::milliseconds kTimeout{30'000};

/// A copy of a consumed record.
struct RecordCopy {
    TopicPartition partition;
    NullableOwnedBytes key;
    NullableOwnedBytes value;
    Timestamp timestamp = kNoTimestamp;
    Offset offset = -1;
    Headers headers;
};

RecordCopy copy_of(const TopicPartition& partition, const kafka::Message& message);

/// The values of records, "null" for null.
std::vector<std::string> values_of(const std::vector<RecordCopy>& records);

/// Assigns the partitions of all topics to the members in turn, in the order of their ids, and
/// stores its calls. A test may set another rule.
class TestAssignor final : public kafka::GroupAssignor {
  public:
    using Assignments = std::map<std::string, kafka::MemberAssignment>;
    using Rule = std::function<Assignments(const std::vector<kafka::GroupMember>&,
                                           const kafka::PartitionCounts&)>;

    explicit TestAssignor(Bytes user_data = {}) : user_data_(std::move(user_data)) {}

    void set_user_data(Bytes user_data);
    void set_rule(Rule rule);

    /// The members' subscription data when this member was last the leader.
    std::vector<kafka::GroupMember> members_seen() const;
    kafka::PartitionCounts topics_seen() const;

    /// The data of this member's last assignment; empty before the first.
    std::optional<Bytes> assignment_user_data() const;

    std::string name() const override { return "millrace-contract"; }
    Bytes subscription_user_data() override;
    Assignments assign(const std::vector<kafka::GroupMember>& members,
                       const kafka::PartitionCounts& topics) override;
    void on_assignment(const std::vector<TopicPartition>& partitions, BytesView user_data) override;

  private:
    mutable std::mutex mutex_;  // librdkafka calls it from its own thread.
    Bytes user_data_;
    Rule rule_;
    std::vector<kafka::GroupMember> members_seen_;
    kafka::PartitionCounts topics_seen_;
    std::optional<Bytes> assignment_user_data_;
};

/// A consumer and a listener that stores its calls. Not thread-safe.
class TestConsumer final : public kafka::ConsumerListener {
  public:
    using Told = std::pair<std::string, std::vector<TopicPartition>>;  ///< "assigned", ...

    explicit TestConsumer(std::unique_ptr<kafka::Consumer> consumer)
        : consumer_(std::move(consumer)) {}
    TestConsumer(const TestConsumer&) = delete;
    TestConsumer& operator=(const TestConsumer&) = delete;

    /// Closes, so that the group continues without delay.
    ~TestConsumer();

    kafka::Consumer& operator*() { return *consumer_; }
    kafka::Consumer* operator->() { return consumer_.get(); }

    void assign(const TopicPartition& partition, Offset offset = kafka::kFromBeginning);
    void subscribe(const std::string& topic);

    /// Polls once and reads all available records.
    void poll(std::chrono::milliseconds timeout);

    /// Polls once and reads nothing.
    void poll_only(std::chrono::milliseconds timeout) { consumer_->poll(timeout); }

    std::vector<RecordCopy> take_records() { return std::exchange(records_, {}); }
    std::size_t record_count() const noexcept { return records_.size(); }

    /// The current assignment.
    const std::set<TopicPartition>& held() const noexcept { return held_; }

    /// The calls of the listener, without empty lists.
    const std::vector<Told>& told() const noexcept { return told_; }
    const std::vector<kafka::Status>& errors() const noexcept { return errors_; }
    const std::vector<std::pair<TopicPartition, kafka::Status>>& partition_errors() const noexcept {
        return partition_errors_;
    }
    bool has_error(kafka::ErrorCode code) const;
    bool has_partition_error(kafka::ErrorCode code) const;

    /// Start positions of assigned partitions; default: the beginning.
    void start_with(std::function<Offset(const TopicPartition&)> rule) {
        start_rule_ = std::move(rule);
    }
    void start_with_no_positions() { gives_starts_ = false; }
    void when_revoked(std::function<void(const std::vector<TopicPartition>&)> call) {
        when_revoked_ = std::move(call);
    }

    std::vector<kafka::StartPosition> on_assigned(
        const std::vector<TopicPartition>& partitions) override;
    void on_revoked(const std::vector<TopicPartition>& partitions) override;
    void on_lost(const std::vector<TopicPartition>& partitions) override;
    void on_partition_error(const TopicPartition& partition, const kafka::Status& status) override;
    void on_error(const kafka::Status& status) override;

  private:
    void tell(const char* what, std::vector<TopicPartition> partitions);

    std::set<TopicPartition> held_;
    std::function<Offset(const TopicPartition&)> start_rule_;
    bool gives_starts_ = true;
    std::vector<RecordCopy> records_;
    std::vector<Told> told_;
    std::vector<kafka::Status> errors_;
    std::vector<std::pair<TopicPartition, kafka::Status>> partition_errors_;
    std::function<void(const std::vector<TopicPartition>&)> when_revoked_;
    std::unique_ptr<kafka::Consumer> consumer_;
};

/// A producer and a listener that stores failures. Not thread-safe.
class TestProducer final : public kafka::ProducerListener {
  public:
    struct Failed {
        NullableOwnedBytes key;
        NullableOwnedBytes value;
        kafka::Status status;
    };

    /// The clients need the listener first.
    using Make = std::function<std::unique_ptr<kafka::Producer>(kafka::ProducerListener&)>;
    explicit TestProducer(const Make& make) : producer_(make(*this)) {}

    kafka::Producer& operator*() { return *producer_; }
    kafka::Producer* operator->() { return producer_.get(); }

    /// Sends to partition 0; throws if the record is refused.
    void send(const std::string& topic, const NullableBytes& key, const NullableBytes& value);
    void flush();

    void init();
    void begin();
    void commit();
    void abort();

    const std::vector<Failed>& failed() const noexcept { return failed_; }
    const std::vector<kafka::Status>& errors() const noexcept { return errors_; }

    void on_failed_delivery(const kafka::FailedDelivery& failed) override;
    void on_error(const kafka::Status& status) override { errors_.push_back(status); }

  private:
    std::vector<Failed> failed_;
    std::vector<kafka::Status> errors_;
    std::unique_ptr<kafka::Producer> producer_;
};

/// Throws the stored error, if there is one.
void require_ok(const kafka::Status& status);

template <class T>
T require_value(kafka::Result<T> result) {
    require_ok(result.status());
    return std::move(result.value());
}

}  // namespace millrace::testing
