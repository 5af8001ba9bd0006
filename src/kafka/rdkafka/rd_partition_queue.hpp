// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/rdkafka/handles.hpp"
#include "kafka/rdkafka/internals_shim.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::kafka {

/// State that the queues of one consumer share. Owned by the consumer's thread.
struct ReadContext {
    bool read_committed = true;

    /// Set if a read stopped early, so more records may be available without a new signal.
    bool more_to_read = false;

    /// Errors found while reading, which the next poll reports.
    std::vector<std::pair<TopicPartition, Status>> errors;

    /// A buffer for a batch before it is converted.
    std::vector<rd_kafka_message_t*> batch;
};

/// The fetch queue of one assigned partition, separate from the consumer's common queue.
///
/// The client and `context` must outlive it.
class RdPartitionQueue final : public PartitionQueue {
  public:
    /// From now on, the partition's records arrive in this queue, and `wake_fd` is signalled when
    /// the queue becomes non-empty.
    RdPartitionQueue(rd_kafka_t* client, const StartPosition& start, int wake_fd,
                     ReadContext& context);
    ~RdPartitionQueue() override;
    RdPartitionQueue(const RdPartitionQueue&) = delete;
    RdPartitionQueue& operator=(const RdPartitionQueue&) = delete;

    std::size_t read(std::vector<Message>& out, std::size_t max) override;
    std::optional<Offset> position() const override;
    std::int32_t leader_epoch() const override;
    std::optional<std::int64_t> lag() const override;

    /// Continues at that position and drops fetched records.
    Status seek(const StartPosition& position);

  private:
    /// Takes ownership of `message`. True if it was a record and not outdated.
    bool append(rd_kafka_message_t* message, std::vector<Message>& out);
    void await_seekable();
    void check_later(const StartPosition& position);
    void begin_check();
    rd_kafka_resp_err_t seek_while_fetching(const StartPosition& position);
    rd_kafka_resp_err_t restart(const StartPosition& position);
    void start_anew(const StartPosition& position);
    void note_error(const rd_kafka_message_t& message);

    TopicPartition which_;
    rd_kafka_t* client_;
    ReadContext& context_;
    std::unique_ptr<millrace_partition, FreeBy<millrace_partition_close>> partition_;
    RdQueue queue_;
    Offset next_ = -1;      // After the last record or control record that was read; -1: none yet.
    Offset end_seen_ = -1;  // Where the end of the log was last reached; -1: never.
    millrace_position known_{-1, -1};         // The last one whose leader epoch is known.
    std::optional<StartPosition> unchecked_;  // The start position until it is checked.
    bool failed_ = false;                     // An error occurred that may have stopped fetching.
};

}  // namespace millrace::kafka
