// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/rate_limited_log.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/producer.hpp"
#include "metrics/registry.hpp"
#include "millrace/client/handlers.hpp"
#include "millrace/detail/nodes/record_collector.hpp"
#include "runtime/commit/output_transaction.hpp"
#include "runtime/task/batch_size.hpp"
#include "runtime/task/task_settings.hpp"

#include <chrono>
#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace millrace::runtime {

/// Sends the records of a stream thread's tasks. With exactly-once, it sends them in transactions,
/// through one producer, or through two that take turns. The second one begins its transaction
/// after that of the first is committed, so they never overlap.
///
/// Chooses partitions with murmur2 of the key; partition counts are cached for a while. Deliveries
/// fail later than they are sent: the next send, poll or flush of any task throws what the
/// production handler has decided about them.
///
/// Keeps batches small enough for the topics; see BatchSize. For a topic with a smaller limit than
/// the topics before it, the producer is replaced after everything sent is delivered.
///
/// Errors: ProcessingError if the handler decides to fail. KafkaError if a topic does not exist.
/// RestartFromCommit if the handler decides to retry (order forbids sending a record again after
/// its successors, so all tasks of the thread restart from their last commit), and if the producer
/// cannot be used any more, or its batches were too large for a topic: reset() creates a new one.
/// Owned by its stream thread.
class ProducerCollector final : public detail::RecordCollector, private kafka::ProducerListener {
  public:
    struct Parts {
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings producer_settings{};  ///< With a transactional.id: exactly-once.
        std::shared_ptr<const TaskSettings> settings{};
        std::shared_ptr<metrics::Counter>
            dropped{};                 ///< Records discarded after a decision to resume.
        const Clock* clock = nullptr;  ///< Must outlive the collector.

        /// The batch limits of topics; null: not checked. Must outlive the collector.
        BatchLimits* limits = nullptr;

        /// Returns the source record that is being processed, if any; empty: always unknown.
        std::function<void(ErrorContext&)> source{};
        /// Called repeatedly while the producer's queue is full; throws to end the wait. Empty: a
        /// full queue is a failure for the production handler.
        std::function<void()> while_full{};

        /// Two producers take turns. With one, the next transaction may meet the commit markers of
        /// the last one; librdkafka then waits for 20 ms, much for a short commit interval. No
        /// effect without transactions.
        bool take_turns = false;

        /// The timeout for looking up a topic's partitions.
        std::chrono::milliseconds metadata_timeout{60'000};
    };

    explicit ProducerCollector(Parts parts);
    ~ProducerCollector() override;

    /// Prepares for topics that will be written. Call it before the first send.
    void prepare_for(std::span<const std::string> topics);

    detail::SinkTopic topic(const std::string& name) override;
    std::uint32_t origin(TaskId task, const std::string& node) override;
    Partition partition_count(detail::SinkTopic topic) override;
    void send(detail::SinkTopic topic, const detail::OutgoingRecord& record) override;
    void send_before_failing(detail::SinkTopic topic,
                             const detail::OutgoingRecord& record) override;

    /// Returns whether records can be sent. Without transactions, always true. One attempt of up to
    /// `timeout`; see OutputTransaction::initialise.
    bool initialise(std::chrono::milliseconds timeout) {
        return (!output_.transaction || output_.transaction->initialise(timeout)) &&
               (!idle_.transaction || idle_.transaction->initialise(timeout));
    }

    bool transactional() const noexcept { return output_.transaction != nullptr; }

    /// Of all producers that it ever creates. Empty without transactions.
    std::vector<std::string> transactional_ids() const;

    /// See OutputTransaction::commit. Requires transactional(), and that everything sent is
    /// flushed. Then replaces a producer that has unanswered requests.
    kafka::Status commit_transaction(std::span<const kafka::OffsetCommit> offsets,
                                     const kafka::GroupMetadata& group,
                                     std::chrono::milliseconds timeout);

    /// Aborts an open transaction. Call it before the last producer of the thread ends: readers of
    /// the output, and the next owners of the tasks, wait for the end of the transaction, up to
    /// transaction.timeout.ms.
    void abort_transaction(std::chrono::milliseconds timeout);

    /// Serves delivery reports.
    void poll();

    /// Waits up to `timeout` until everything is delivered. False: not yet, try again.
    bool flush(std::chrono::milliseconds timeout);

    /// Whether a handler has caused dead letters for records that could not be sent.
    bool sent_dead_letters() const noexcept { return sent_dead_letters_; }

    /// Delivers the dead letters of a failure that ends the thread. Returns false on timeout. With
    /// exactly-once, discards the rest of the output, and commits the letters in a separate
    /// transaction without offsets, because the record will be processed again.
    bool deliver_dead_letters(std::chrono::milliseconds timeout);

    /// Clears the cached partition counts, so that added partitions are detected.
    void forget_partition_counts();

    /// Destroys the producers with all unacknowledged records, and creates new ones.
    void reset();

  private:
    struct Origin {
        TaskId task;
        std::string node;

        auto operator<=>(const Origin&) const = default;
    };

    // A dead letter comes from the source of its record.
    struct Letter {
        DeadLetter content;
        std::uint32_t origin = 0;
    };

    struct Topic {
        std::string name;
        kafka::TopicHandle handle;
        Partition partitions = 0;  // 0: unknown.
    };

    struct Output {
        std::unique_ptr<kafka::Producer> producer;
        std::unique_ptr<OutputTransaction> transaction;  // With exactly-once. Uses `producer`.
        std::string id_suffix;
    };

    void on_failed_delivery(const kafka::FailedDelivery& failed) override;
    void on_error(const kafka::Status& status) override;

    Partition choose_partition(detail::SinkTopic topic, const detail::OutgoingRecord& record);
    ErrorContext context_of(std::uint32_t origin) const;
    void failed(const FailedRecord& record, const ErrorContext& context, std::uint32_t origin,
                const kafka::Status& status);
    void not_sent(detail::SinkTopic topic, const detail::OutgoingRecord& record,
                  const kafka::ProducerRecord& sent, kafka::Status status);
    kafka::Status send_when_there_is_room(const kafka::ProducerRecord& record,
                                          kafka::Status status);
    void send_dead_letters();
    void throw_pending();
    kafka::TopicHandle handle_of(const std::string& topic);
    Output make_output(const std::string& id_suffix);
    void make_outputs();
    void fence_unanswered_requests(std::chrono::milliseconds timeout);
    void fit_batches(std::span<const std::string> topics);

    Parts parts_;
    BatchSize batch_size_;
    RateLimitedLog log_;
    std::vector<Topic> topics_;
    std::unordered_map<std::string, std::uint32_t> index_;
    std::map<Origin, std::uint32_t> origin_numbers_;
    std::vector<Origin> origins_;  // By origin; the first is none.
    std::vector<Letter> dead_letters_;
    std::vector<Letter> last_letters_;  // Sent after the transaction is aborted.
    bool sent_dead_letters_ = false;
    bool pending_ = false;  // One of the following, or dead letters.
    std::optional<std::string> failure_;
    std::optional<std::string> retry_;
    std::optional<std::string> unusable_;
    Output output_;
    Output idle_;  // The one whose turn is next; empty unless two take turns.
};

}  // namespace millrace::runtime
