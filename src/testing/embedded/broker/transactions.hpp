// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/status.hpp"
#include "testing/embedded/broker/defects.hpp"
#include "testing/embedded/broker/group_offsets.hpp"
#include "testing/embedded/log/partition_log.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::testing::embedded {

/// Proof that a producer is the latest with its transactional id.
struct ProducerIdentity {
    std::int64_t producer_id = -1;
    std::int16_t epoch = -1;
};

/// The transaction coordinator: the owner of each transactional id, and the content of its
/// transaction.
///
/// A transaction starts with its first partition or offset and ends with a marker in each of its
/// partitions. A later producer with the same id, or the timeout, increments the epoch. This aborts
/// the open transaction and fences producers with an older epoch. Threads: guarded by the cluster's
/// mutex.
class Transactions {
  public:
    /// Resolves where the offsets of a group are stored.
    using OffsetsOf = std::function<GroupOffsets&(const std::string& group)>;

    /// `defects` must outlive this.
    Transactions(OffsetsOf offsets_of, Defects& defects)
        : offsets_of_(std::move(offsets_of)), defects_(defects) {}

    /// A producer id for a producer that is only idempotent. `client_id` is its name.
    ProducerIdentity new_identity(const std::string& client_id = {}) {
        clients_[++last_producer_id_] = client_id;
        return {last_producer_id_, 0};
    }

    /// The client.id of the producer with that producer id; empty if it is not known.
    const std::string& client_of(std::int64_t producer_id) const;

    /// The identity of a new producer with that id. Times in milliseconds.
    ProducerIdentity init(const std::string& id, std::int64_t timeout, std::int64_t now,
                          std::int64_t ticks);

    /// Errors of the following functions: kFenced (fatal).
    kafka::Status check(const std::string& id, ProducerIdentity identity) const;
    kafka::Status add_partition(const std::string& id, ProducerIdentity identity,
                                const std::shared_ptr<PartitionLog>& log, std::int64_t ticks);
    kafka::Status add_offsets(const std::string& id, ProducerIdentity identity,
                              const std::string& group,
                              std::span<const kafka::OffsetCommit> offsets, std::int64_t ticks);
    kafka::Status end(const std::string& id, ProducerIdentity identity, bool commit,
                      std::int64_t now);

    /// Aborts transactions that have timed out.
    void expire(std::int64_t now, std::int64_t ticks);
    std::optional<std::int64_t> next_deadline() const;

    /// Aborts an open transaction as if it had timed out; false if there is none.
    bool expire(const std::string& id, std::int64_t now);

    /// The same for one of the open transactions whose id has that prefix; without effect if none
    /// is open.
    void expire_any(const std::string& prefix, std::uint64_t choice, std::int64_t now);

  private:
    struct Transaction {
        ProducerIdentity identity;
        std::int64_t timeout = 0;
        std::optional<std::int64_t> open_since;  ///< In ticks.
        std::vector<std::shared_ptr<PartitionLog>> partitions;
        std::vector<std::string> groups;
    };

    kafka::Status enter(const std::string& id, ProducerIdentity identity, std::int64_t ticks);
    void fence(Transaction& transaction);
    void finish(Transaction& transaction, bool commit, std::int64_t now);

    OffsetsOf offsets_of_;
    Defects& defects_;
    std::map<std::string, Transaction> transactions_;
    std::map<std::int64_t, std::string> clients_;  ///< By producer id.
    std::int64_t last_producer_id_ = 0;
};

}  // namespace millrace::testing::embedded
