// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/consumer.hpp"
#include "kafka/rdkafka/handles.hpp"
#include "kafka/rdkafka/internals_shim.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::kafka {

/// What the queues of one consumer share. Owned by the consumer's thread.
struct ReadContext {
    bool read_committed = true;

    /// Set when a read was cut short, so that more may be there without a new signal.
    bool more_to_read = false;

    /// Errors met while reading, for the next poll to report.
    std::vector<std::pair<TopicPartition, Status>> errors;

    /// Where a batch is put before it is converted.
    std::vector<rd_kafka_message_t*> batch;
};

/// The fetch queue of one assigned partition, cut off from the consumer's common one.
///
/// Lifetime: within that of the client and of `context`.
class RdPartitionQueue final : public PartitionQueue {
  public:
    /// From here on the partition's records arrive in this queue, and `wake_fd` is written to when
    /// it ceases to be empty.
    RdPartitionQueue(rd_kafka_t* client, const StartPosition& start, int wake_fd,
                     ReadContext& context);
    ~RdPartitionQueue() override;
    RdPartitionQueue(const RdPartitionQueue&) = delete;
    RdPartitionQueue& operator=(const RdPartitionQueue&) = delete;

    std::size_t read(std::vector<Message>& out, std::size_t max) override;
    std::optional<Offset> position() const override;
    std::optional<std::int64_t> lag() const override;

    /// Goes on there. What was fetched is dropped.
    Status seek(const StartPosition& position);

  private:
    /// Takes over `message`; true if it was a record and not outdated.
    bool append(rd_kafka_message_t* message, std::vector<Message>& out);
    void await_seekable();
    void check_later(const StartPosition& position);
    void begin_check();
    rd_kafka_resp_err_t seek_while_fetching(const StartPosition& position);
    rd_kafka_resp_err_t restart(const StartPosition& position);
    void start_anew();
    void note_error(const rd_kafka_message_t& message);

    TopicPartition which_;
    rd_kafka_t* client_;
    ReadContext& context_;
    std::unique_ptr<millrace_partition, FreeBy<millrace_partition_close>> partition_;
    RdQueue queue_;
    Offset next_ = -1;      // After the last record, or control record, read; -1: none was yet.
    Offset end_seen_ = -1;  // Where the log's end was reached last; -1: never.
    std::optional<StartPosition> unchecked_;  // Where reading begins once that is checked.
    bool failed_ = false;                     // An error was met that may have ended fetching.
};

}  // namespace millrace::kafka
