// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/embedded_producer.hpp"

#include "testing/embedded/log/statuses.hpp"

namespace millrace::testing::embedded {

/// Why a call is not allowed in the current state.
kafka::Status EmbeddedProducer::refuse(const char* what) const {
    switch (state_) {
        case State::kFatal:
            return fatal_;
        case State::kMustAbort:
            return abortable_failure(kafka::ErrorCode::kInvalidTransactionState,
                                     std::string(what) + ": the transaction must be aborted");
        case State::kPlain:
            return {kafka::ErrorCode::kInvalidTransactionState,
                    std::string(what) + ": transactional.id is not set"};
        case State::kUninitialised:
            return {kafka::ErrorCode::kInvalidTransactionState,
                    std::string(what) + ": init_transactions comes first"};
        case State::kReady:
            return {kafka::ErrorCode::kInvalidTransactionState,
                    std::string(what) + ": no transaction has begun"};
        case State::kInTransaction:
            return {kafka::ErrorCode::kInvalidTransactionState,
                    std::string(what) + ": a transaction is open"};
    }
    return {};
}

kafka::Status EmbeddedProducer::init_transactions(std::chrono::milliseconds timeout) {
    if (state_ != State::kUninitialised) {
        return refuse("cannot initialise");
    }
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    const auto fault = cluster_->faults().take(BrokerOperation::kInitTransactions);
    if (fault && fault->before()) {
        return fault->status();
    }
    auto& clock = cluster_->clock();
    identity_ = cluster_->transactions().init(transactional_id_, transaction_timeout_, clock.now(),
                                              clock.ticks());
    if (fault) {
        return fault->status();
    }
    state_ = State::kReady;
    return {};
}

kafka::Status EmbeddedProducer::begin_transaction() {
    if (state_ != State::kReady) {
        return refuse("cannot begin");
    }
    state_ = State::kInTransaction;
    return {};
}

kafka::Status EmbeddedProducer::send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                             const kafka::GroupMetadata& group,
                                             std::chrono::milliseconds timeout) {
    if (state_ != State::kInTransaction) {
        return refuse("cannot send offsets");
    }
    if (offsets.empty()) {
        return {};
    }
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    const auto fault = cluster_->faults().take(BrokerOperation::kSendOffsets);
    auto status = fault && fault->before() ? fault->status() : add_offsets(offsets, group);
    if (status.ok() && fault) {
        status = fault->status();
    }
    lock.unlock();
    cluster_->respond();
    if (!status.ok() && !status.retriable()) {
        if (status.fatal()) {
            return become_fatal(status);
        }
        state_ = State::kMustAbort;
        return abortable_failure(status.code(), status.message());
    }
    return status;
}

kafka::Status EmbeddedProducer::add_offsets(std::span<const kafka::OffsetCommit> offsets,
                                            const kafka::GroupMetadata& group) {
    Defects& defects = cluster_->defects();
    if (auto status = cluster_->group(group.group_id).check_commit(group, true);
        !status.ok() && !defects.have(Defect::kAnyGeneration)) {
        // A fenced member concerns its consumer; the producer itself can continue.
        return status.fenced() ? kafka::Status{status.code(), status.message()} : status;
    }
    for (const auto& offset : offsets) {
        if (cluster_->topics().find(offset.partition) == nullptr) {
            return {kafka::ErrorCode::kUnknownTopic,
                    "no such partition: " + to_string(offset.partition)};
        }
    }
    if (defects.strikes_after(Defect::kStuck, 20)) {
        return failure(kafka::ErrorCode::kTimedOut, "the broker is stuck");
    }
    return cluster_->transactions().add_offsets(transactional_id_, identity_, group.group_id,
                                                offsets, cluster_->clock().ticks());
}

kafka::Status EmbeddedProducer::commit_transaction(std::chrono::milliseconds timeout) {
    if (state_ != State::kInTransaction) {
        return refuse("cannot commit");
    }
    if (auto status = flush(timeout); !status.ok()) {
        return status;
    }
    if (state_ != State::kInTransaction) {
        return refuse("cannot commit");
    }
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    const auto fault = cluster_->faults().take(BrokerOperation::kCommitTransaction);
    if (fault && fault->late()) {
        // By then, another producer may have fenced this one.
        cluster_->execute_later(
            fault->delay, [cluster = cluster_.get(), id = transactional_id_, identity = identity_] {
                static_cast<void>(
                    cluster->transactions().end(id, identity, true, cluster->clock().now()));
            });
    }
    auto status = fault && fault->before() ? fault->status() : end_transaction(true);
    lock.unlock();
    cluster_->respond();
    if (status.ok() && fault) {
        return fault->status();
    }
    if (status.fenced()) {
        return become_fatal(status);
    }
    return status;
}

kafka::Status EmbeddedProducer::abort_transaction(std::chrono::milliseconds timeout) {
    if (state_ != State::kInTransaction && state_ != State::kMustAbort) {
        return refuse("cannot abort");
    }
    drop_pending("the transaction was aborted");
    serve();
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    return end_transaction(false);
}

kafka::Status EmbeddedProducer::end_transaction(bool commit) {
    auto status =
        cluster_->transactions().end(transactional_id_, identity_, commit, cluster_->clock().now());
    if (!status.ok()) {
        return become_fatal(std::move(status));
    }
    state_ = State::kReady;
    return {};
}

/// Discards unsent records.
void EmbeddedProducer::drop_pending(const char* why) {
    for (const auto& [topic, partition] : std::exchange(dirty_, {})) {
        auto& state = topics_[topic].partitions[static_cast<std::size_t>(partition)];
        state.dirty = false;
        seal(topics_[topic], partition);
        for (const auto& pending : std::exchange(state.records.pending(), {})) {
            fail(topic, partition, pending, {kafka::ErrorCode::kPurged, why});
        }
    }
}

}  // namespace millrace::testing::embedded
