// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "kafka/rdkafka/assignor_bridge.hpp"
#include "kafka/rdkafka/handles.hpp"
#include "kafka/rdkafka/rd_config.hpp"
#include "kafka/rdkafka/rd_partition_queue.hpp"
#include "kafka/rdkafka/wake_fd.hpp"

#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace millrace::kafka {

/// Consumer over librdkafka. Each assigned partition has its own queue. All queues and wake_up()
/// signal one eventfd.
///
/// A queue that changes from empty to not empty wakes a waiting poll. Unread records that an
/// earlier poll has already reported do not prevent the wait: read before waiting.
///
/// The listener is called only for new partitions. A rebalance without new partitions is reported
/// to GroupAssignor::on_assignment only.
///
/// Lifetime: see Consumer. close() revokes all partitions; the destructor ends connections and
/// threads, and waits forever for messages that are still alive.
class RdConsumer final : public Consumer {
  public:
    /// Errors: ConfigError.
    RdConsumer(const ClientSettings& settings, std::shared_ptr<GroupAssignor> assignor);
    ~RdConsumer() override;
    RdConsumer(const RdConsumer&) = delete;
    RdConsumer& operator=(const RdConsumer&) = delete;

    Status subscribe(const Subscription& subscription, ConsumerListener& listener) override;
    Status unsubscribe() override;
    Status assign(std::span<const StartPosition> partitions, ConsumerListener& listener) override;
    Status unassign(std::span<const TopicPartition> partitions) override;
    void poll(std::chrono::milliseconds timeout) override;
    void wake_up() override;
    PartitionQueue* queue(const TopicPartition& partition) override;
    Status seek(const StartPosition& position) override;
    Status commit(std::span<const OffsetCommit> offsets,
                  std::chrono::milliseconds timeout) override;
    Result<std::vector<CommittedOffset>> committed(std::span<const TopicPartition> partitions,
                                                   std::chrono::milliseconds timeout) override;
    GroupMetadata group_metadata() const override;
    bool assignment_lost() const override;
    Status request_rebalance() override;
    void close(std::chrono::milliseconds timeout) override;

  private:
    struct Destroy {
        void operator()(rd_kafka_t* client) const noexcept;
    };

    static void rebalance_callback(rd_kafka_t* client, rd_kafka_resp_err_t error,
                                   rd_kafka_topic_partition_list_t* list, void* self) noexcept;
    static void error_callback(rd_kafka_t* client, int error, const char* text,
                               void* self) noexcept;

    void serve_events();
    void serve_close_events(rd_kafka_queue_t& close_events, std::chrono::milliseconds timeout);
    void report_partition_errors();
    void report_error(rd_kafka_resp_err_t error, std::string_view text);
    void rebalance(rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t& list);
    void on_assign(rd_kafka_topic_partition_list_t& list);
    void on_revoke(rd_kafka_topic_partition_list_t& list);
    void open_queue(const StartPosition& start);
    void learn_leaders(std::span<const StartPosition> partitions);
    void retry_rejoin();
    void rethrow_from_callback();
    void abandon_group() noexcept;

    // The order of declaration matters: the client refers to members above it, and members below
    // refer to the client (see handles.hpp).
    std::unique_ptr<AssignorBridge> bridge_;  // Null: never subscribes.
    WakeFd wake_;
    ReadContext context_;
    std::unique_ptr<rd_kafka_t, Destroy> client_;
    RdQueue events_;
    std::unordered_map<TopicPartition, std::unique_ptr<RdPartitionQueue>> queues_;

    std::string group_id_;
    std::string group_instance_id_;
    ConsumerListener* listener_ = nullptr;
    std::unordered_set<std::string> topics_with_leaders_;
    std::exception_ptr thrown_;     // Thrown by the listener; rethrown from poll or close.
    bool called_listener_ = false;  // Since poll was entered.
    bool wants_rejoin_ = false;
    bool closed_ = false;
};

}  // namespace millrace::kafka
