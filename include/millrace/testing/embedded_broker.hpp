// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/bytes.hpp"
#include "millrace/core/headers.hpp"
#include "millrace/core/time.hpp"
#include "millrace/core/topic_partition.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::kafka {
class ClientSupplier;
}

namespace millrace::testing {

namespace embedded {
class Cluster;
}

/// Where an EmbeddedBroker takes its time from.
enum class BrokerTime {
    kReal,    ///< The system's clock.
    kManual,  ///< Stands still until EmbeddedBroker::advance.
};

struct EmbeddedBrokerOptions {
    /// Partitions of a topic that is created without saying how many.
    std::int32_t default_partitions = 1;

    /// Creates a topic when something is produced to it.
    bool auto_create_topics = false;

    BrokerTime time = BrokerTime::kReal;

    /// Where manual time begins.
    Timestamp start = timestamp_of(0);
};

/// A record in a topic of an EmbeddedBroker.
struct BrokerRecord {
    Partition partition = 0;
    Offset offset = 0;
    NullableOwnedBytes key = {};
    NullableOwnedBytes value = {};
    Timestamp timestamp = kNoTimestamp;
    Headers headers = {};

    bool operator==(const BrokerRecord&) const = default;
};

/// Which records EmbeddedBroker::records shows.
enum class RecordsShown {
    kCommitted,  ///< What a consumer with isolation.level=read_committed gets.
    kAll,        ///< Those of open and of aborted transactions as well.
};

/// A call that can be made to fail.
enum class BrokerOperation {
    kProduce,      ///< Appending a batch.
    kFetch,        ///< A consumer's poll looking for records.
    kCommit,       ///< Committing a group's offsets outside of a transaction.
    kSendOffsets,  ///< Adding a group's offsets to a transaction.
    kCommitTransaction,
    kInitTransactions,
};

/// How a call fails.
enum class BrokerFault {
    kTimedOut,
    kTransport,
    kNotReady,
    kFenced,
    kUnknownMember,
    kIllegalGeneration,
    kRebalanceInProgress,
    kMessageTooLarge,
    kInvalidRecord,
    kAuthorization,
};

/// Whether a call that fails has had its effect.
enum class FaultMoment {
    kBefore,  ///< The request was lost.
    kAfter,   ///< The answer was lost: the broker did what it was asked to.
};

/// A member of a consumer group, as EmbeddedBroker::members shows it.
struct BrokerGroupMember {
    std::string member_id;
    std::string client_id;
    std::string group_instance_id;
    std::vector<TopicPartition> partitions;  ///< Assigned in the current generation.

    bool operator==(const BrokerGroupMember&) const = default;
};

class EmbeddedTransaction;

/// A record to append to a topic of an EmbeddedBroker.
struct NewBrokerRecord {
    NullableOwnedBytes key = {};
    NullableOwnedBytes value = {};
    std::optional<Timestamp> timestamp = {};  ///< Nothing: the broker's time.
    Headers headers = {};

    /// Nothing: chosen as Kafka's producers do, by the key; in turn for a null key.
    std::optional<Partition> partition = {};
};

/// An Apache Kafka within the process: topics, consumer groups with cooperative rebalancing,
/// idempotent and transactional producers, compaction. For examples, tests and simulations.
///
/// Give clients() to KafkaStreams in place of a cluster. Behaviour is that of Apache Kafka with one
/// broker; nothing is written to disk, nothing goes over the network and nothing is random: driven
/// from one thread with manual time, the same calls give the same results.
///
/// Lifetime: clients may outlive the broker and keep what it holds alive. Records stay in memory
/// until deleted, compacted away or, on topics that set retention.ms or retention.bytes, expired.
/// Errors: methods throw Error of kind kInvalidArgument where they say "Requires".
/// Threads: thread-safe.
class EmbeddedBroker {
  public:
    explicit EmbeddedBroker(EmbeddedBrokerOptions options = {});
    EmbeddedBroker(const EmbeddedBroker&) = delete;
    EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;
    ~EmbeddedBroker();

    /// Makes clients of this broker, for KafkaStreams.
    std::shared_ptr<kafka::ClientSupplier> clients() const;

    // Topics.

    /// Creates a topic; `partitions` of 0 means the default. `config` has Kafka's topic settings,
    /// such as "cleanup.policy". Requires that there is none of that name and that the settings are
    /// valid.
    void create_topic(const std::string& name, std::int32_t partitions = 0,
                      const std::map<std::string, std::string>& config = {});

    /// Grows a topic. Requires that it exists and has fewer partitions.
    void add_partitions(const std::string& topic, std::int32_t total);

    /// Requires that the topic exists.
    void delete_topic(const std::string& name);

    /// All topics and their partition counts.
    std::map<std::string, std::int32_t> topics() const;

    // Records.

    using NewRecord = NewBrokerRecord;

    /// Appends a record at once. Requires that the topic exists or may be created, and that it
    /// accepts the record.
    void produce(const std::string& topic, const NewRecord& record);

    /// Begins a transaction of a producer with that transactional.id, which fences the producers
    /// that had it before and aborts what they left open. An empty id: one of its own, so that
    /// several transactions may be open side by side.
    EmbeddedTransaction begin_transaction(const std::string& transactional_id = {});

    /// Records of all partitions of a topic, by partition and offset. Requires that it exists.
    std::vector<BrokerRecord> records(const std::string& topic,
                                      RecordsShown shown = RecordsShown::kCommitted) const;
    std::vector<BrokerRecord> records(const TopicPartition& partition,
                                      RecordsShown shown = RecordsShown::kCommitted) const;

    /// Offset that the next record will have; transaction markers have taken some. Requires that
    /// the partition exists.
    Offset end_offset(const TopicPartition& partition) const;

    /// Compacts all topics with cleanup.policy=compact now, and applies retention. Both happen by
    /// themselves as well, now and then.
    void clean_logs();

    // Groups.

    /// What a group has committed, by partition.
    std::map<TopicPartition, Offset> committed_offsets(const std::string& group) const;

    /// The members of a group, by member id.
    std::vector<BrokerGroupMember> members(const std::string& group) const;

    /// How many rounds of assignment a group has been through.
    std::int32_t generation(const std::string& group) const;

    // Time.

    Timestamp now() const;

    /// Moves manual time forward; what is due then happens: members and transactions expire.
    /// Requires BrokerTime::kManual.
    void advance(std::chrono::milliseconds by);

    // Faults.

    /// False: every client finds the brokers down, until set back.
    void set_available(bool available);

    /// Cuts off every client with that client.id, existing or new, as a network partition or a
    /// stopped process would: its members expire after session.timeout.ms, its transactions time
    /// out, and destroying it tells the group nothing.
    void disconnect(const std::string& client_id);
    void reconnect(const std::string& client_id);

    /// The next call of this kind fails, whoever makes it; repeated calls queue up.
    void fail_next(BrokerOperation operation, BrokerFault fault,
                   FaultMoment moment = FaultMoment::kBefore);

    /// Loses the records of a partition from `offset` on, as an unclean election does: the new
    /// leader did not have them. Its leader epoch is one higher, and what is produced next has
    /// `offset`. A batch that reaches `offset` goes as a whole. Consumers that were further, or
    /// begin at a later offset that was committed before, are told that their offset is out of
    /// range. Requires that the partition exists and that `offset` lies within its log.
    void truncate(const TopicPartition& partition, Offset offset);

    /// Throws a member out of its group, as if its session had expired. Requires that it is one.
    void expire_member(const std::string& group, const std::string& member_id);

    /// Aborts a transaction as if it had timed out, which fences its producer. False when none of
    /// that transactional.id is open.
    bool expire_transaction(const std::string& transactional_id);

  private:
    std::shared_ptr<embedded::Cluster> cluster_;
};

/// An open transaction, for tests of what reads transactional input.
///
///     auto transaction = broker.begin_transaction();
///     transaction.produce("orders", {.key = "k", .value = "v"});
///     transaction.commit();
///
/// Its records take offsets at once. With isolation.level=read_committed a consumer gets them when
/// the transaction is committed and never when it is aborted; until it ends, such a consumer gets
/// nothing that follows its first record in the partition. The end is a control record in every
/// partition written to, which takes an offset that no consumer sees.
///
/// Lifetime: may outlive the broker. Destroying an open one aborts it.
/// Errors: Error of kind kInvalidArgument where a method says "Requires", and where it says "open"
/// also when the transaction ended, timed out (after transaction.timeout.ms, one minute) or was
/// fenced.
/// Threads: one thread uses it.
class EmbeddedTransaction {
  public:
    EmbeddedTransaction(EmbeddedTransaction&&) noexcept;
    EmbeddedTransaction& operator=(EmbeddedTransaction&&) = delete;
    EmbeddedTransaction(const EmbeddedTransaction&) = delete;
    EmbeddedTransaction& operator=(const EmbeddedTransaction&) = delete;
    ~EmbeddedTransaction();

    const std::string& transactional_id() const noexcept { return transactional_id_; }

    /// Appends a record at once. Requires that the transaction is open, that the topic exists or
    /// may be created, and that it accepts the record.
    void produce(const std::string& topic, const NewBrokerRecord& record);

    /// Requires that the transaction is open.
    void commit();
    void abort();

  private:
    friend class EmbeddedBroker;
    EmbeddedTransaction(std::shared_ptr<embedded::Cluster> cluster, std::string transactional_id);
    void end(bool commit);

    std::shared_ptr<embedded::Cluster> cluster_;  // Null once it has ended.
    std::string transactional_id_;
    std::int64_t producer_id_ = -1;
    std::int16_t epoch_ = -1;
    std::int32_t sent_ = 0;
};

}  // namespace millrace::testing
