// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/rate_limited_log.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/producer.hpp"
#include "metrics/registry.hpp"
#include "millrace/client/handlers.hpp"
#include "millrace/detail/nodes/record_collector.hpp"
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

/// Sends what the tasks of one stream thread write, through its one producer.
///
/// Partitions are chosen here, by murmur2 over the key, with partition counts remembered for a
/// while. Deliveries fail later than they are sent: what the production handler decides about them
/// comes out of the next send, poll or flush, whichever task calls it.
///
/// Batches are kept small enough for the topics; see BatchSize. A topic that is narrower than those
/// before it has the producer replaced, once everything sent is delivered.
///
/// Errors: ProcessingError when the handler said fail. KafkaError when a topic does not exist.
/// RestartFromCommit when the handler said retry: order forbids sending a record again after its
/// successors, so all tasks of the thread go back to their last commit; and when the producer is of
/// no more use, or its batches were too large for a topic after all: reset() makes a new one.
/// Owned by its stream thread.
class ProducerCollector final : public detail::RecordCollector, private kafka::ProducerListener {
  public:
    struct Parts {
        std::shared_ptr<kafka::ClientSupplier> supplier{};
        kafka::ClientSettings producer_settings{};
        std::shared_ptr<const TaskSettings> settings{};
        std::shared_ptr<metrics::Counter>
            dropped{};                 ///< Records given up after a decision to resume.
        const Clock* clock = nullptr;  ///< Must outlive the collector.

        /// What topics accept, to keep batches below it; null: not looked at. Must outlive the
        /// collector.
        BatchLimits* limits = nullptr;

        /// Says which source record is being processed, if one is; empty: never known.
        std::function<void(ErrorContext&)> source{};
        /// Called now and then while the producer's queue is full; throws to end the wait. None:
        /// a full queue is a failure for the production handler.
        std::function<void()> while_full{};

        /// How long to ask for a topic's partitions before giving up.
        std::chrono::milliseconds metadata_timeout{60'000};
    };

    explicit ProducerCollector(Parts parts);
    ~ProducerCollector() override;

    /// Prepares for topics that will be written. Best called before anything is sent.
    void expect(std::span<const std::string> topics);

    detail::SinkTopic topic(const std::string& name) override;
    std::uint32_t origin(TaskId task, const std::string& node) override;
    Partition partition_count(detail::SinkTopic topic) override;
    void send(detail::SinkTopic topic, const detail::OutgoingRecord& record) override;

    /// Serves delivery reports.
    void poll();

    /// Waits up to `timeout` until everything is delivered. False: not yet, try again.
    bool flush(std::chrono::milliseconds timeout);

    /// Whether a handler has had dead letters sent for records that could not be.
    bool sent_dead_letters() const noexcept { return sent_dead_letters_; }

    /// Forgets the partition counts, so that growth of topics is seen.
    void forget_partition_counts();

    /// Destroys the producer and all that is on its way, and makes a new one.
    void reset();

  private:
    struct Origin {
        TaskId task;
        std::string node;

        auto operator<=>(const Origin&) const = default;
    };

    // A dead letter comes from where the record does.
    struct Letter {
        DeadLetter content;
        std::uint32_t origin = 0;
    };

    struct Topic {
        std::string name;
        kafka::TopicHandle handle;
        Partition partitions = 0;  // 0: not known.
    };

    void on_failed_delivery(const kafka::FailedDelivery& failed) override;
    void on_error(const kafka::Status& status) override;

    Partition choose_partition(detail::SinkTopic topic, const detail::OutgoingRecord& record);
    ErrorContext context_of(std::uint32_t origin) const;
    void failed(const FailedRecord& record, const ErrorContext& context, std::uint32_t origin,
                const kafka::Status& status);
    kafka::Status send_patiently(const kafka::ProducerRecord& record);
    void send_dead_letters();
    void throw_pending();
    void make_producer();
    void fit_batches(std::span<const std::string> topics);

    Parts parts_;
    BatchSize batch_size_;
    RateLimitedLog log_;
    std::vector<Topic> topics_;
    std::unordered_map<std::string, std::uint32_t> index_;
    std::map<Origin, std::uint32_t> origin_numbers_;
    std::vector<Origin> origins_;  // By these; the first is nobody.
    std::vector<Letter> dead_letters_;
    bool sent_dead_letters_ = false;
    bool pending_ = false;  // One of the following, or dead letters.
    std::optional<std::string> failure_;
    std::optional<std::string> retry_;
    std::optional<std::string> unusable_;
    std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace millrace::runtime
