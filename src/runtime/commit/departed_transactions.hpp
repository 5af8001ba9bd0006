// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/clock.hpp"
#include "kafka/client_supplier.hpp"
#include "kafka/producer.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::runtime {

/// Aborts the transactions that members of the group left open when they were killed. Until such a
/// transaction ends, Kafka returns neither the committed offsets that it changes nor the changelog
/// records behind its own, so that the next owners cannot run the tasks. The transaction
/// coordinator aborts it after transaction.timeout.ms, for which Kafka Streams waits.
///
/// A producer with the transactional id of such a member fences the member and aborts its
/// transaction. That is safe because the member is no longer in the group: it cannot commit offsets
/// of tasks that others have. If it is alive, it restarts from its last commit.
///
/// Not thread-safe: owned by a stream thread.
class DepartedTransactions final : private kafka::ProducerListener {
  public:
    /// Tasks that wait for a shorter time wait for something else, usually.
    static constexpr std::chrono::milliseconds kPatience{300};

    /// `producer_settings` are those of the stream thread. `clock` must outlive this.
    DepartedTransactions(std::shared_ptr<kafka::ClientSupplier> supplier,
                         kafka::ClientSettings producer_settings, const Clock& clock,
                         std::string thread_name);
    ~DepartedTransactions() override;

    /// A task of this member cannot run yet: its committed offsets are not known, or its stores are
    /// not restored. Once that lasts for kPatience, each call aborts the transactions of some of
    /// `departed`, the transactional ids of members that have left the group as of the latest
    /// rebalance; it returns at most some time after `timeout`. Does not throw: without success,
    /// the coordinator aborts them later.
    void tasks_wait(const std::vector<std::string>& departed, std::chrono::milliseconds timeout);

    /// No task of this member waits any more.
    void tasks_run();

  private:
    bool abort(const std::string& id, std::chrono::milliseconds timeout);

    void on_failed_delivery(const kafka::FailedDelivery&) override {}
    void on_error(const kafka::Status&) override {}  // Also the status of the request.

    std::shared_ptr<kafka::ClientSupplier> supplier_;
    kafka::ClientSettings settings_;
    const Clock& clock_;
    std::string thread_name_;
    std::optional<std::chrono::nanoseconds> waiting_since_;
    std::set<std::string> done_;  // Since then.
    std::string id_;              // Of the producer.
    std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace millrace::runtime
