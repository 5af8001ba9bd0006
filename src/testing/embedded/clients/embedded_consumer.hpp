// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/client_supplier.hpp"
#include "kafka/consumer.hpp"
#include "testing/embedded/broker/cluster.hpp"
#include "testing/embedded/clients/fetch_queue.hpp"
#include "testing/embedded/clients/membership.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::testing::embedded {

/// A consumer of an embedded broker.
///
/// Threads: see kafka::Consumer. Works only during its calls; it has no threads.
class EmbeddedConsumer final : public kafka::Consumer {
  public:
    /// Throws ConfigError.
    EmbeddedConsumer(std::shared_ptr<Cluster> cluster, const kafka::ClientSettings& settings,
                     std::shared_ptr<kafka::GroupAssignor> assignor);
    ~EmbeddedConsumer() override;

    kafka::Status subscribe(const kafka::Subscription& subscription,
                            kafka::ConsumerListener& listener) override;
    kafka::Status unsubscribe() override;
    kafka::Status assign(std::span<const kafka::StartPosition> partitions,
                         kafka::ConsumerListener& listener) override;
    kafka::Status unassign(std::span<const TopicPartition> partitions) override;
    void poll(std::chrono::milliseconds timeout) override;
    void wake_up() override;
    kafka::PartitionQueue* queue(const TopicPartition& partition) override;
    kafka::Status seek(const kafka::StartPosition& position) override;
    kafka::Status commit(std::span<const kafka::OffsetCommit> offsets,
                         std::chrono::milliseconds timeout) override;
    kafka::Result<std::vector<kafka::CommittedOffset>> committed(
        std::span<const TopicPartition> partitions, std::chrono::milliseconds timeout) override;
    kafka::GroupMetadata group_metadata() const override;
    bool assignment_lost() const override;
    kafka::Status request_rebalance() override;
    void close(std::chrono::milliseconds timeout) override;

  private:
    struct Refreshed {
        bool news = false;
        kafka::Status error;  ///< For the whole client.
        std::vector<std::pair<TopicPartition, kafka::Status>> partition_errors;

        bool worth_returning() const noexcept {
            return news || !error.ok() || !partition_errors.empty();
        }
    };

    kafka::Status commit_now(std::span<const kafka::OffsetCommit> offsets,
                             const kafka::GroupMetadata& metadata);
    bool serve_membership();
    void tell(const MembershipEvent& event);
    Refreshed refresh_queues();
    void tell(const Refreshed& refreshed);
    void wait(Cluster::Lock& lock, std::chrono::nanoseconds at_most);
    void add_queue(const kafka::StartPosition& start);
    void drop_queues(const std::vector<TopicPartition>& partitions);
    void drop_queues();

    const std::shared_ptr<Cluster> cluster_;
    const std::string client_id_;
    const std::string group_;
    const kafka::Isolation isolation_;
    const bool can_subscribe_;
    Waiter waiter_;
    mutable Membership membership_;  ///< Reading it updates its view of the group.
    kafka::ConsumerListener* listener_ = nullptr;
    std::map<TopicPartition, std::unique_ptr<FetchQueue>> queues_;
    bool woken_ = false;  ///< Guarded by the cluster's mutex.
    bool told_unreachable_ = false;
    bool closed_ = false;
};

}  // namespace millrace::testing::embedded
