// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/broker/cluster.hpp"
#include "testing/embedded/test_records.hpp"

#include <utility>

namespace millrace::testing {
namespace {

/// Kafka's default of transaction.timeout.ms.
constexpr std::int64_t kTimeoutMs = 60'000;

}  // namespace

EmbeddedTransaction::EmbeddedTransaction(std::shared_ptr<embedded::Cluster> cluster,
                                         std::string transactional_id)
    : cluster_(std::move(cluster)), transactional_id_(std::move(transactional_id)) {
    const auto lock = cluster_->lock();
    auto& transactions = cluster_->transactions();
    if (transactional_id_.empty()) {
        transactional_id_ =
            "test-transaction-" + std::to_string(transactions.new_identity().producer_id);
    }
    const auto identity = transactions.init(transactional_id_, kTimeoutMs, cluster_->clock().now(),
                                            cluster_->clock().ticks());
    producer_id_ = identity.producer_id;
    epoch_ = identity.epoch;
}

EmbeddedTransaction::EmbeddedTransaction(EmbeddedTransaction&&) noexcept = default;

EmbeddedTransaction::~EmbeddedTransaction() {
    if (cluster_ != nullptr) {
        const auto lock = cluster_->lock();
        // Refused only if it has ended otherwise.
        (void)cluster_->transactions().end(transactional_id_, {producer_id_, epoch_}, false,
                                           cluster_->clock().now());
    }
}

void EmbeddedTransaction::produce(const std::string& topic, const NewBrokerRecord& record) {
    if (cluster_ == nullptr) {
        embedded::refuse("the transaction has ended: " + transactional_id_);
    }
    const auto lock = cluster_->lock();
    const auto log = embedded::log_for(*cluster_, topic, record);
    embedded::require_ok(cluster_->transactions().add_partition(
        transactional_id_, {producer_id_, epoch_}, log, cluster_->clock().ticks()));
    embedded::require_ok(embedded::append_record(*cluster_, log, record,
                                                 {.producer_id = producer_id_,
                                                  .epoch = epoch_,
                                                  .sequence = sent_++,
                                                  .transactional = true}));
}

void EmbeddedTransaction::commit() {
    end(true);
}

void EmbeddedTransaction::abort() {
    end(false);
}

void EmbeddedTransaction::end(bool commit) {
    if (cluster_ == nullptr) {
        embedded::refuse("the transaction has ended: " + transactional_id_);
    }
    const auto cluster = std::exchange(cluster_, nullptr);
    const auto lock = cluster->lock();
    embedded::require_ok(cluster->transactions().end(transactional_id_, {producer_id_, epoch_},
                                                     commit, cluster->clock().now()));
}

}  // namespace millrace::testing
