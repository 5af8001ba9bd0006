// SPDX-License-Identifier: Apache-2.0

// The group functions of RdConsumer: offsets, membership, leaving.
#include "kafka/rdkafka/rd_consumer.hpp"

#include "core/clock.hpp"
#include "kafka/rdkafka/internals_shim.h"
#include "kafka/rdkafka/partition_lists.hpp"
#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"

#include <algorithm>
#include <utility>

namespace millrace::kafka {
namespace {

using std::chrono::milliseconds;

Status first_failure(const rd_kafka_topic_partition_list_t* list, const std::string& doing) {
    if (list != nullptr) {
        for (const auto& element : elements(*list)) {
            if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                return status_of_error(element.err,
                                       doing + " of " + to_string(to_partition(element)));
            }
        }
    }
    return {};
}

}  // namespace

Status RdConsumer::commit(std::span<const OffsetCommit> offsets, milliseconds timeout) {
    if (offsets.empty()) {
        return {};
    }
    const std::string doing = "cannot commit offsets in group " + group_id_;
    const RdList list = to_list(offsets);
    // Each commit has its own queue: a response after the timeout is dropped.
    const RdQueue answers(rd_kafka_queue_new(client_.get()));
    const rd_kafka_resp_err_t refused =
        rd_kafka_commit_queue(client_.get(), list.get(), answers.get(), nullptr, nullptr);
    if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return status_of_error(refused, doing);
    }
    const RdEvent answer(rd_kafka_queue_poll(answers.get(), to_rd_timeout(timeout)));
    if (answer == nullptr) {
        return status_of_error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
    }
    const Status status = first_failure(rd_kafka_event_topic_partition_list(answer.get()), doing);
    return status.ok() ? status_of_error(rd_kafka_event_error(answer.get()), doing) : status;
}

Result<std::vector<CommittedOffset>> RdConsumer::committed(
    std::span<const TopicPartition> partitions, milliseconds timeout) {
    std::vector<CommittedOffset> all;
    if (partitions.empty()) {
        return all;
    }
    const std::string doing = "cannot read committed offsets of group " + group_id_;
    const RdList list = to_list(partitions);
    const rd_kafka_resp_err_t error =
        rd_kafka_committed(client_.get(), list.get(), to_rd_timeout(timeout));
    Status status = first_failure(list.get(), doing);
    if (status.ok()) {
        status = status_of_error(error, doing);
    }
    if (!status.ok()) {
        return status;
    }
    // librdkafka preserves the order of the list.
    for (const auto& element : elements(*list)) {
        all.push_back(to_committed_offset(element));
    }
    return all;
}

GroupMetadata RdConsumer::group_metadata() const {
    GroupMetadata group;
    group.group_id = group_id_;
    group.group_instance_id = group_instance_id_;
    RdGroupMetadata native(rd_kafka_consumer_group_metadata(client_.get()));
    if (native != nullptr) {
        group.member_id = rd_kafka_consumer_group_metadata_member_id(native.get());
        group.generation = rd_kafka_consumer_group_metadata_generation_id(native.get());
        group.native = std::shared_ptr<const void>(std::move(native));
    }
    return group;
}

void RdConsumer::close(milliseconds timeout) {
    if (std::exchange(closed_, true)) {
        return;
    }
    const RdQueue close_events(rd_kafka_queue_new(client_.get()));
    const RdError failure(rd_kafka_consumer_close_queue(client_.get(), close_events.get()));
    if (failure == nullptr) {
        serve_close_events(*close_events, timeout);
    }
    queues_.clear();
    context_.errors.clear();
    listener_ = nullptr;
    rethrow_from_callback();
}

void RdConsumer::abandon_group() noexcept {
    // librdkafka 2.14.2 waits forever when it is destroyed while a rebalance waits for the
    // rebalance callback, even if it was configured not to close the consumer. Therefore this code
    // first terminates the membership locally, without a request to the broker, and then responds
    // to the rebalance: at that point librdkafka treats any response as revoking everything.
    millrace_abandon_group(client_.get());
    const RdQueue nobody_reads(rd_kafka_queue_new(client_.get()));
    const RdError begun(rd_kafka_consumer_close_queue(client_.get(), nobody_reads.get()));
    millrace_give_partitions_up(client_.get());
}

void RdConsumer::serve_close_events(rd_kafka_queue_t& close_events, milliseconds timeout) {
    constexpr milliseconds kSlice{50};
    const auto deadline = system_clock().monotonic() + timeout;
    while (rd_kafka_consumer_closed(client_.get()) == 0) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(deadline - system_clock().monotonic());
        if (left < milliseconds::zero()) {
            return;
        }
        const RdEvent event(
            rd_kafka_queue_poll(&close_events, to_rd_timeout(std::min(left, kSlice))));
        switch (rd_kafka_event_type(event.get())) {
            case RD_KAFKA_EVENT_REBALANCE:
                rebalance_callback(client_.get(), rd_kafka_event_error(event.get()),
                                   rd_kafka_event_topic_partition_list(event.get()), this);
                break;
            case RD_KAFKA_EVENT_ERROR:
                error_callback(client_.get(), rd_kafka_event_error(event.get()),
                               rd_kafka_event_error_string(event.get()), this);
                break;
            default:
                break;
        }
    }
}

}  // namespace millrace::kafka
