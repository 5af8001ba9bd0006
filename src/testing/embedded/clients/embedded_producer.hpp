// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "kafka/producer.hpp"
#include "testing/embedded/broker/cluster.hpp"
#include "testing/embedded/clients/record_accumulator.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing::embedded {

/// A producer of an embedded broker.
///
/// Collects a batch per partition and appends it when it is full. poll, flush and
/// commit_transaction append all batches and acquire the cluster's mutex once.
///
///     transactional:  kUninitialised ─init─► kReady ─begin─► kInTransaction ─commit, abort─►
///     kReady
///                                                               │ delivery or offsets refused
///                                                               ▼
///                                                            kMustAbort ─abort─► kReady
///     fenced, from anywhere: kFatal
///
/// Threads: see kafka::Producer. Works only during its calls; it has no threads.
class EmbeddedProducer final : public kafka::Producer {
  public:
    /// Throws ConfigError.
    EmbeddedProducer(std::shared_ptr<Cluster> cluster, const kafka::ClientSettings& settings,
                     kafka::ProducerListener& listener);

    kafka::TopicHandle topic(const std::string& name) override;
    kafka::Result<Partition> partition_count(kafka::TopicHandle topic,
                                             std::chrono::milliseconds timeout) override;
    kafka::Status send(const kafka::ProducerRecord& record) override;
    void poll() override;
    kafka::Status flush(std::chrono::milliseconds timeout) override;
    void purge() override;
    kafka::Status init_transactions(std::chrono::milliseconds timeout) override;
    kafka::Status begin_transaction() override;
    kafka::Status send_offsets(std::span<const kafka::OffsetCommit> offsets,
                               const kafka::GroupMetadata& group,
                               std::chrono::milliseconds timeout) override;
    kafka::Status commit_transaction(std::chrono::milliseconds timeout) override;
    kafka::Status abort_transaction(std::chrono::milliseconds timeout) override;

  private:
    enum class State {
        kPlain,  ///< No transactional id.
        kUninitialised,
        kReady,
        kInTransaction,
        kMustAbort,
        kFatal,
    };

    struct PartitionState {
        RecordAccumulator records;
        bool dirty = false;  ///< Listed in dirty_.
    };

    struct TopicState {
        std::string name;
        std::shared_ptr<Topic> topic;  ///< Null: unknown topic.
        std::vector<PartitionState> partitions;
        Partition next_keyless = 0;
    };

    struct Failure {
        std::uint32_t topic = 0;
        Partition partition = 0;
        BatchRef batch;
        std::vector<OriginRun> origins;
        kafka::Status status;
    };

    enum class Outcome { kDone, kRetryLater };

    void resolve(TopicState& topic);
    kafka::Status may_send() const;
    kafka::Result<Partition> choose_partition(TopicState& topic,
                                              const kafka::ProducerRecord& record);
    void seal(TopicState& topic, Partition partition);
    bool fits(const RecordAccumulator& records, std::size_t size) const noexcept;
    void mark_dirty(std::uint32_t topic, Partition partition);
    kafka::Status make_room();

    void append_all();
    Outcome append_pending(std::uint32_t topic, Partition partition);
    Outcome append(std::uint32_t topic, Partition partition, PendingBatch& pending);
    kafka::Result<Offset> append_to_log(TopicState& topic, Partition partition,
                                        const PendingBatch& pending);
    void fail(std::uint32_t topic, Partition partition, const PendingBatch& pending,
              kafka::Status status);
    void account(const PendingBatch& pending);
    void drop_pending(const char* why);
    void serve();
    void tell(const Failure& failure);
    kafka::Status refuse(const char* what) const;
    kafka::Status add_offsets(std::span<const kafka::OffsetCommit> offsets,
                              const kafka::GroupMetadata& group);
    kafka::Status end_transaction(bool commit);
    kafka::Status become_fatal(kafka::Status status);

    const std::shared_ptr<Cluster> cluster_;
    kafka::ProducerListener& listener_;
    const std::string client_id_;
    const std::string transactional_id_;
    const std::int64_t transaction_timeout_;
    const std::int64_t message_timeout_;  ///< 0: none.
    const std::size_t message_bytes_max_;
    const std::size_t batch_bytes_max_;
    const std::size_t buffered_max_;
    const bool idempotent_;

    State state_;
    kafka::Status fatal_;
    bool told_fatal_ = false;
    ProducerIdentity identity_;
    std::vector<TopicState> topics_;
    std::map<std::string, std::uint32_t> topic_indexes_;
    std::vector<std::pair<std::uint32_t, Partition>> dirty_;
    std::size_t buffered_ = 0;  ///< Records not yet appended.
    std::vector<std::pair<Offset*, Offset>> acknowledged_;
    std::vector<Failure> failures_;
};

}  // namespace millrace::testing::embedded
