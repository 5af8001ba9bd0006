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
struct ClusterAccess;
}  // namespace embedded

/// The clock of an EmbeddedBroker.
enum class BrokerTime {
    kReal,    ///< The system's clock.
    kManual,  ///< Advances only in EmbeddedBroker::advance.
};

struct EmbeddedBrokerOptions {
    /// Default partition count of a topic.
    std::int32_t default_partitions = 1;

    /// Creates a topic on the first produce.
    bool auto_create_topics = false;

    BrokerTime time = BrokerTime::kReal;

    /// Start of manual time.
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

/// Which records EmbeddedBroker::records returns.
enum class RecordsShown {
    kCommitted,  ///< Those that a consumer with isolation.level=read_committed gets.
    kAll,        ///< Also those of open and aborted transactions.
};

/// A call that a test can make fail.
enum class BrokerOperation {
    kProduce,      ///< Appending a batch.
    kFetch,        ///< A consumer's poll that fetches records.
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

/// Whether a failing call has an effect.
enum class FaultMoment {
    kBefore,  ///< The request was lost: no effect.
    kAfter,   ///< The response was lost: the broker executed the request.

    /// The request is executed one second after the client has given up. Only of
    /// kCommitTransaction; kBefore for other calls.
    kLate,
};

/// A member of a consumer group, as returned by EmbeddedBroker::members.
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
    std::optional<Timestamp> timestamp = {};  ///< Empty: the broker's time.
    Headers headers = {};

    /// Empty: chosen as by Kafka's producers, by the key; in turn for a null key.
    std::optional<Partition> partition = {};
};

/// An in-process Apache Kafka: topics, consumer groups with cooperative rebalancing, idempotent and
/// transactional producers, compaction. For examples, tests and simulations.
///
/// Pass clients() to KafkaStreams instead of a cluster. The behaviour is that of Apache Kafka with
/// one broker; nothing is written to disk or sent over the network, and nothing is random: with one
/// thread and manual time, the same calls have the same results.
///
/// Lifetime: clients may outlive the broker and keep its data alive. Records stay in memory until
/// they are deleted, compacted or, on topics that set retention.ms or retention.bytes, expired.
/// Errors: functions throw Error with kind kInvalidArgument if a requirement ("Requires") is not
/// met. Threads: thread-safe.
class EmbeddedBroker {
  public:
    explicit EmbeddedBroker(EmbeddedBrokerOptions options = {});
    EmbeddedBroker(const EmbeddedBroker&) = delete;
    EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;
    ~EmbeddedBroker();

    /// Creates clients of this broker, for KafkaStreams.
    std::shared_ptr<kafka::ClientSupplier> clients() const;

    // Topics.

    /// Creates a topic; `partitions` of 0 means the default. `config` has Kafka's topic settings,
    /// such as "cleanup.policy". Requires that no topic has that name and that the settings are
    /// valid.
    void create_topic(const std::string& name, std::int32_t partitions = 0,
                      const std::map<std::string, std::string>& config = {});

    /// Adds partitions to a topic. Requires that it exists and has fewer partitions.
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

    /// Begins a transaction of a producer with that transactional.id, which fences earlier
    /// producers with that id and aborts their open transactions. An empty id: a unique one, so
    /// that several transactions may be open at the same time.
    EmbeddedTransaction begin_transaction(const std::string& transactional_id = {});

    /// Records of all partitions of a topic, by partition and offset. Requires that it exists.
    std::vector<BrokerRecord> records(const std::string& topic,
                                      RecordsShown shown = RecordsShown::kCommitted) const;
    std::vector<BrokerRecord> records(const TopicPartition& partition,
                                      RecordsShown shown = RecordsShown::kCommitted) const;

    /// The offset of the next record; transaction markers have offsets, too. Requires that the
    /// partition exists.
    Offset end_offset(const TopicPartition& partition) const;

    /// Compacts all topics with cleanup.policy=compact now, and applies retention. Both also happen
    /// automatically.
    void clean_logs();

    // Groups.

    /// The committed offsets of a group, by partition.
    std::map<TopicPartition, Offset> committed_offsets(const std::string& group) const;

    /// The members of a group, by member id.
    std::vector<BrokerGroupMember> members(const std::string& group) const;

    /// How many rebalances a group has completed.
    std::int32_t generation(const std::string& group) const;

    // Time.

    Timestamp now() const;

    /// Advances manual time and processes what is due: members and transactions expire. Requires
    /// BrokerTime::kManual.
    void advance(std::chrono::milliseconds by);

    // Faults.

    /// False: the brokers are down for every client, until set to true.
    void set_available(bool available);

    /// Disconnects every client with that client.id, existing or new, like a network partition or a
    /// stopped process: its members expire after session.timeout.ms, its transactions time out, and
    /// destroying it sends nothing to the group.
    void disconnect(const std::string& client_id);
    void reconnect(const std::string& client_id);

    /// The next call of this kind fails, for any client; repeated calls queue up.
    void fail_next(BrokerOperation operation, BrokerFault fault,
                   FaultMoment moment = FaultMoment::kBefore);

    /// Truncates a partition at `offset`, like an unclean leader election: the new leader does not
    /// have the later records. The leader epoch is incremented, and the next record gets `offset`.
    /// A batch that contains `offset` is removed as a whole. Consumers beyond it, or that start at
    /// a later committed offset, get an offset-out-of-range error. Requires that the partition
    /// exists and that `offset` is within its log.
    void truncate(const TopicPartition& partition, Offset offset);

    /// Removes a member from its group, as if its session had expired. Requires that it is a
    /// member.
    void expire_member(const std::string& group, const std::string& member_id);

    /// Aborts a transaction as if it had timed out, which fences its producer. False if no
    /// transaction with that transactional.id is open.
    bool expire_transaction(const std::string& transactional_id);

  private:
    friend struct embedded::ClusterAccess;

    std::shared_ptr<embedded::Cluster> cluster_;
};

/// An open transaction, to test consumers of transactional input.
///
///     auto transaction = broker.begin_transaction();
///     transaction.produce("orders", {.key = "k", .value = "v"});
///     transaction.commit();
///
/// Its records have offsets at once. A consumer with isolation.level=read_committed gets them when
/// the transaction is committed, and never if it is aborted; until the end of the transaction, such
/// a consumer gets no record after the transaction's first record in the partition. The end is a
/// control record in every written partition, with an offset that no consumer sees.
///
/// Lifetime: may outlive the broker. Destroying an open one aborts it. Errors: Error with kind
/// kInvalidArgument if a requirement ("Requires") is not met; a transaction is also not open after
/// it ended, timed out (after transaction.timeout.ms, one minute) or was fenced. Threads: used by
/// one thread.
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

    std::shared_ptr<embedded::Cluster> cluster_;  // Null after it has ended.
    std::string transactional_id_;
    std::int64_t producer_id_ = -1;
    std::int16_t epoch_ = -1;
    std::int32_t sent_ = 0;
};

}  // namespace millrace::testing
