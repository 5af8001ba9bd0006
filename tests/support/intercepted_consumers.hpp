// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/forwarding_clients.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace millrace::support {

/// Intercepts some calls of consumers. If a function is empty or returns ok, the call is forwarded
/// to the real consumer.
struct ConsumerFaults {
    std::function<kafka::Status()> committed{};
    std::function<kafka::Status(const TopicPartition&)> seek{};
    std::function<void()> closed{};  ///< Before a close that leaves the group.
    std::function<void()> woken{};   ///< At every wake_up.

    /// Returns how long a poll with this timeout waits.
    std::function<std::chrono::milliseconds(std::chrono::milliseconds)> polled{};
};

/// Group members of another supplier, with a test's faults.
class InterceptedConsumers final : public ForwardingClients {
  public:
    /// `faults` must outlive the clients.
    InterceptedConsumers(std::shared_ptr<kafka::ClientSupplier> clients, ConsumerFaults& faults)
        : ForwardingClients(std::move(clients)), faults_(faults) {}

    std::unique_ptr<kafka::Consumer> make_consumer(
        const kafka::ClientSettings& settings,
        std::shared_ptr<kafka::GroupAssignor> assignor) override {
        return std::make_unique<Intercepted>(
            ForwardingClients::make_consumer(settings, std::move(assignor)), faults_);
    }

  private:
    class Intercepted final : public kafka::Consumer {
      public:
        Intercepted(std::unique_ptr<kafka::Consumer> real, ConsumerFaults& faults)
            : real_(std::move(real)), faults_(faults) {}

        kafka::Status subscribe(const kafka::Subscription& subscription,
                                kafka::ConsumerListener& listener) override {
            return real_->subscribe(subscription, listener);
        }
        kafka::Status unsubscribe() override { return real_->unsubscribe(); }
        kafka::Status assign(std::span<const kafka::StartPosition> partitions,
                             kafka::ConsumerListener& listener) override {
            return real_->assign(partitions, listener);
        }
        kafka::Status unassign(std::span<const TopicPartition> partitions) override {
            return real_->unassign(partitions);
        }
        void poll(std::chrono::milliseconds timeout) override {
            real_->poll(faults_.polled ? faults_.polled(timeout) : timeout);
        }
        void wake_up() override {
            if (faults_.woken) {
                faults_.woken();
            }
            real_->wake_up();
        }
        kafka::PartitionQueue* queue(const TopicPartition& partition) override {
            return real_->queue(partition);
        }
        kafka::Status seek(const kafka::StartPosition& position) override {
            if (faults_.seek) {
                if (auto status = faults_.seek(position.partition); !status.ok()) {
                    return status;
                }
            }
            return real_->seek(position);
        }
        kafka::Status commit(std::span<const kafka::OffsetCommit> offsets,
                             std::chrono::milliseconds timeout) override {
            return real_->commit(offsets, timeout);
        }
        kafka::Result<std::vector<kafka::CommittedOffset>> committed(
            std::span<const TopicPartition> partitions,
            std::chrono::milliseconds timeout) override {
            if (faults_.committed) {
                if (auto status = faults_.committed(); !status.ok()) {
                    return status;
                }
            }
            return real_->committed(partitions, timeout);
        }
        kafka::GroupMetadata group_metadata() const override { return real_->group_metadata(); }
        bool assignment_lost() const override { return real_->assignment_lost(); }
        kafka::Status request_rebalance() override { return real_->request_rebalance(); }
        void close(std::chrono::milliseconds timeout) override {
            if (faults_.closed) {
                faults_.closed();
            }
            real_->close(timeout);
        }

      private:
        std::unique_ptr<kafka::Consumer> real_;
        ConsumerFaults& faults_;
    };

    ConsumerFaults& faults_;
};

}  // namespace millrace::support
