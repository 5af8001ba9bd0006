// SPDX-License-Identifier: Apache-2.0
#include "testing/embedded/clients/embedded_consumer.hpp"

#include "core/clock.hpp"
#include "millrace/core/error.hpp"
#include "testing/embedded/clients/client_settings.hpp"
#include "testing/embedded/log/statuses.hpp"

#include <algorithm>
#include <limits>

namespace millrace::testing::embedded {
namespace {

constexpr std::int64_t kDay = 86'400'000;

MemberSettings member_settings(const kafka::ClientSettings& settings) {
    MemberSettings member;
    member.client_id = client_id_setting(settings);
    member.instance_id = text_setting(settings, "group.instance.id");
    member.rack_id = text_setting(settings, "client.rack");
    member.session_timeout =
        number_setting(settings, "session.timeout.ms", member.session_timeout, 1, kDay / 24);
    member.max_poll_interval =
        number_setting(settings, "max.poll.interval.ms", member.max_poll_interval, 1, kDay);
    return member;
}

}  // namespace

EmbeddedConsumer::EmbeddedConsumer(std::shared_ptr<Cluster> cluster,
                                   const kafka::ClientSettings& settings,
                                   std::shared_ptr<kafka::GroupAssignor> assignor)
    : cluster_(std::move(cluster)),
      client_id_(client_id_setting(settings)),
      group_(text_setting(settings, "group.id")),
      isolation_(isolation_setting(settings)),
      can_subscribe_(assignor != nullptr && !group_.empty()),
      membership_(*cluster_, group_, member_settings(settings), std::move(assignor), waiter_) {
    const auto lock = cluster_->lock();
    cluster_->add_waiter(waiter_);
}

EmbeddedConsumer::~EmbeddedConsumer() {
    if (!closed_) {
        drop_queues();
        membership_.vanish();
    }
    const auto lock = cluster_->lock();
    cluster_->remove_waiter(waiter_);
}

kafka::Status EmbeddedConsumer::subscribe(const kafka::Subscription& subscription,
                                          kafka::ConsumerListener& listener) {
    if (!can_subscribe_) {
        return {kafka::ErrorCode::kInvalidConfig, "subscribing needs group.id and an assignor"};
    }
    listener_ = &listener;
    try {
        membership_.subscribe(subscription);
    } catch (const TopologyError& error) {
        return {kafka::ErrorCode::kInvalidConfig, error.what()};
    }
    return {};
}

kafka::Status EmbeddedConsumer::unsubscribe() {
    membership_.unsubscribe();
    return {};
}

kafka::Status EmbeddedConsumer::assign(std::span<const kafka::StartPosition> partitions,
                                       kafka::ConsumerListener& listener) {
    for (const auto& start : partitions) {
        if (queues_.contains(start.partition)) {
            return {kafka::ErrorCode::kOther, "assigned already: " + to_string(start.partition)};
        }
    }
    listener_ = &listener;
    for (const auto& start : partitions) {
        add_queue(start);
    }
    return {};
}

kafka::Status EmbeddedConsumer::unassign(std::span<const TopicPartition> partitions) {
    for (const auto& partition : partitions) {
        if (!queues_.contains(partition)) {
            return {kafka::ErrorCode::kOther, "not assigned: " + to_string(partition)};
        }
    }
    drop_queues({partitions.begin(), partitions.end()});
    return {};
}

void EmbeddedConsumer::add_queue(const kafka::StartPosition& start) {
    queues_.insert_or_assign(start.partition,
                             std::make_unique<FetchQueue>(*cluster_, start, isolation_, waiter_));
}

void EmbeddedConsumer::drop_queues(const std::vector<TopicPartition>& partitions) {
    const auto lock = cluster_->lock();
    for (const auto& partition : partitions) {
        if (const auto found = queues_.find(partition); found != queues_.end()) {
            found->second->detach();
            queues_.erase(found);
        }
    }
}

void EmbeddedConsumer::drop_queues() {
    {
        const auto lock = cluster_->lock();
        for (auto& [partition, queue] : queues_) {
            queue->detach();
        }
    }
    queues_.clear();
}

void EmbeddedConsumer::poll(std::chrono::milliseconds timeout) {
    if (closed_) {
        return;
    }
    const auto start = system_clock().monotonic();
    while (true) {
        const bool called = can_subscribe_ && serve_membership();
        auto lock = cluster_->lock();
        const Refreshed refreshed = refresh_queues();
        if (called || refreshed.worth_returning() || woken_) {
            woken_ = false;
            lock.unlock();
            tell(refreshed);
            return;
        }
        if (timeout <= std::chrono::milliseconds::zero()) {
            return;
        }
        const auto passed = system_clock().monotonic() - start;
        if (passed >= timeout) {
            return;
        }
        wait(lock, timeout - passed);
    }
}

void EmbeddedConsumer::wait(Cluster::Lock& lock, std::chrono::nanoseconds at_most) {
    if (const auto timer = cluster_->until_next_timer()) {
        at_most = std::min<std::chrono::nanoseconds>(at_most, *timer);
    }
    membership_.set_polling(true);
    waiter_.wait(lock, at_most);
    waiter_.reset();
    membership_.set_polling(false);
}

bool EmbeddedConsumer::serve_membership() {
    bool called = false;
    // A single member completes a rebalance in one call.
    while (const auto event = membership_.step()) {
        tell(*event);
        called = true;
    }
    return called;
}

void EmbeddedConsumer::tell(const MembershipEvent& event) {
    if (!event.status.ok()) {
        listener_->on_error(event.status);
    }
    if (!event.lost.empty()) {
        listener_->on_lost(event.lost);
        drop_queues(event.lost);
    }
    if (!event.revoked.empty()) {
        listener_->on_revoked(event.revoked);
        drop_queues(event.revoked);
    }
    if (!event.added.empty()) {
        for (const auto& start : listener_->on_assigned(event.added)) {
            add_queue(start);
        }
        for (const auto& partition : event.added) {
            if (!queues_.contains(partition)) {
                add_queue({partition, kafka::kFromEnd});
            }
        }
    }
    membership_.finish(event);
}

EmbeddedConsumer::Refreshed EmbeddedConsumer::refresh_queues() {
    Refreshed refreshed;
    if (!cluster_->reachable(client_id_)) {
        if (!std::exchange(told_unreachable_, true)) {
            refreshed.error = failure(kafka::ErrorCode::kTransport, "brokers are down");
        }
        return refreshed;
    }
    told_unreachable_ = false;
    if (queues_.empty()) {
        return refreshed;
    }
    if (const auto fault = cluster_->faults().take(BrokerOperation::kFetch)) {
        refreshed.error = fault->status();
        return refreshed;
    }
    for (auto& [partition, queue] : queues_) {
        auto outcome = queue->refresh();
        refreshed.news |= outcome.news;
        if (!outcome.status.ok()) {
            refreshed.partition_errors.emplace_back(partition, std::move(outcome.status));
        }
    }
    return refreshed;
}

void EmbeddedConsumer::tell(const Refreshed& refreshed) {
    if (listener_ == nullptr) {
        return;
    }
    if (!refreshed.error.ok()) {
        listener_->on_error(refreshed.error);
    }
    for (const auto& [partition, status] : refreshed.partition_errors) {
        listener_->on_partition_error(partition, status);
    }
}

void EmbeddedConsumer::wake_up() {
    const auto lock = cluster_->lock();
    woken_ = true;
    waiter_.notify();
}

kafka::PartitionQueue* EmbeddedConsumer::queue(const TopicPartition& partition) {
    const auto found = queues_.find(partition);
    return found == queues_.end() ? nullptr : found->second.get();
}

kafka::Status EmbeddedConsumer::seek(const kafka::StartPosition& position) {
    const auto found = queues_.find(position.partition);
    if (found == queues_.end()) {
        return {kafka::ErrorCode::kOther, "not assigned: " + to_string(position.partition)};
    }
    const auto lock = cluster_->lock();
    found->second->seek(position.offset, position.leader_epoch);
    return {};
}

kafka::Status EmbeddedConsumer::commit(std::span<const kafka::OffsetCommit> offsets,
                                       std::chrono::milliseconds timeout) {
    if (closed_ || group_.empty()) {
        return {closed_ ? kafka::ErrorCode::kClosed : kafka::ErrorCode::kInvalidConfig,
                "committing needs an open consumer with group.id"};
    }
    if (membership_.outside()) {
        return failure(kafka::ErrorCode::kUnknownMember, "not a member of group " + group_);
    }
    const auto metadata = membership_.metadata();
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    kafka::Status status = commit_now(offsets, metadata);
    lock.unlock();
    cluster_->respond();
    return status;
}

/// Requires the cluster's mutex.
kafka::Status EmbeddedConsumer::commit_now(std::span<const kafka::OffsetCommit> offsets,
                                           const kafka::GroupMetadata& metadata) {
    const auto fault = cluster_->faults().take(BrokerOperation::kCommit);
    if (fault && fault->before()) {
        return fault->status();
    }
    Group& group = cluster_->group(group_);
    Defects& defects = cluster_->defects();
    if (auto status = group.check_commit(metadata, false);
        !status.ok() && !defects.have(Defect::kAnyGeneration)) {
        return status;
    }
    if (defects.strikes_after(Defect::kStuck, 20)) {
        return failure(kafka::ErrorCode::kTimedOut, "the broker is stuck");
    }
    const bool back = defects.strikes(Defect::kOffsetsMoveBack, 10);
    // As in Kafka: each partition separately; the first failure is returned.
    kafka::Status unknown;
    std::vector<kafka::OffsetCommit> known;
    for (const auto& offset : offsets) {
        if (cluster_->topics().find(offset.partition) != nullptr) {
            known.push_back(offset);
            known.back().offset -= back && offset.offset > 1 ? 2 : 0;
        } else if (unknown.ok()) {
            unknown = failure(kafka::ErrorCode::kUnknownTopic,
                              "no such partition: " + to_string(offset.partition));
        }
    }
    group.offsets().commit(known);
    if (!unknown.ok()) {
        return unknown;
    }
    return fault ? fault->status() : kafka::Status{};
}

kafka::Result<std::vector<kafka::CommittedOffset>> EmbeddedConsumer::committed(
    std::span<const TopicPartition> partitions, std::chrono::milliseconds timeout) {
    if (closed_ || group_.empty()) {
        return kafka::Status{closed_ ? kafka::ErrorCode::kClosed : kafka::ErrorCode::kInvalidConfig,
                             "committed offsets need an open consumer with group.id"};
    }
    auto lock = cluster_->lock();
    if (auto status = cluster_->await_reachable(lock, client_id_, timeout); !status.ok()) {
        return status;
    }
    const GroupOffsets& offsets = cluster_->group(group_).offsets();
    std::vector<kafka::CommittedOffset> answer;
    for (const auto& partition : partitions) {
        if (isolation_ == kafka::Isolation::kReadCommitted && offsets.unstable(partition) &&
            !cluster_->defects().have(Defect::kUnstableOffsets)) {
            return failure(kafka::ErrorCode::kUnstableOffsets,
                           "a transaction is open on the offset of " + to_string(partition));
        }
        const auto found = offsets.committed().find(partition);
        answer.push_back(found == offsets.committed().end() ? kafka::CommittedOffset{}
                                                            : found->second);
    }
    return answer;
}

kafka::GroupMetadata EmbeddedConsumer::group_metadata() const {
    return membership_.metadata();
}

bool EmbeddedConsumer::assignment_lost() const {
    return membership_.assignment_lost();
}

kafka::Status EmbeddedConsumer::request_rebalance() {
    return membership_.request_rebalance();
}

void EmbeddedConsumer::close(std::chrono::milliseconds /*timeout*/) {
    if (closed_) {
        return;
    }
    const MembershipEvent last = membership_.last_event();
    if (listener_ != nullptr) {
        tell(last);
    }
    drop_queues();
    membership_.close();
    closed_ = true;
}

}  // namespace millrace::testing::embedded
