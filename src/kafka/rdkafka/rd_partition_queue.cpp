// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/rd_partition_queue.hpp"

#include "core/check.hpp"
#include "core/clock.hpp"
#include "kafka/rdkafka/partition_lists.hpp"
#include "kafka/rdkafka/rd_message.hpp"
#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"
#include "kafka/rdkafka/wake_fd.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace millrace::kafka {
namespace {

constexpr std::chrono::milliseconds kSeekTimeout{10'000};
constexpr std::uint64_t kWakeOnce = 1;  // What an eventfd is written.

}  // namespace

RdPartitionQueue::RdPartitionQueue(rd_kafka_t* client, const TopicPartition& which, int wake_fd,
                                   ReadContext& context)
    : which_(which),
      client_(client),
      context_(context),
      partition_(millrace_partition_open(client, which.topic.c_str(), which.partition)),
      queue_(rd_kafka_queue_get_partition(client, which.topic.c_str(), which.partition)) {
    MILLRACE_CHECK(partition_ != nullptr && queue_ != nullptr);
    rd_kafka_queue_forward(queue_.get(), nullptr);
    rd_kafka_queue_io_event_enable(queue_.get(), wake_fd, &kWakeOnce, sizeof kWakeOnce);
}

RdPartitionQueue::~RdPartitionQueue() {
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
}

std::size_t RdPartitionQueue::read(std::vector<Message>& out, std::size_t max) {
    std::size_t appended = 0;
    bool drained = false;
    while (appended < max && !drained) {
        const std::size_t wanted = std::min(max - appended, context_.batch.size());
        if (out.capacity() - out.size() < wanted) {
            // Before anything is taken over: a message that cannot be appended would be leaked.
            out.reserve(std::max(out.size() + wanted, 2 * out.capacity()));
        }
        std::size_t count = 0;
        drained = millrace_partition_read(partition_.get(), context_.batch.data(), wanted, &count) <
                  wanted;
        for (std::size_t i = 0; i < count; ++i) {
            appended += append(context_.batch[i], out) ? 1 : 0;
        }
    }
    context_.more_to_read |= !drained;
    return appended;
}

bool RdPartitionQueue::append(rd_kafka_message_t* message, std::vector<Message>& out) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) [[unlikely]] {
        const std::unique_ptr<rd_kafka_message_t, FreeBy<millrace_record_destroy>> owned(message);
        note_error(*message);
        return false;
    }
    if (message->offset < next_) [[unlikely]] {
        // A rebalance, which pauses every partition, came between our taking records and noting the
        // position, and so librdkafka fetched them again.
        millrace_record_destroy(message);
        return false;
    }
    next_ = message->offset + 1;
    out.push_back(to_message(message));
    return true;
}

void RdPartitionQueue::note_error(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        end_seen_ = message.offset;
        return;
    }
    failed_ = true;
    context_.errors.emplace_back(which_,
                                 status_of_error(message.err, "cannot read " + to_string(which_),
                                                 rd_kafka_message_errstr(&message)));
}

std::optional<Offset> RdPartitionQueue::position_in(
    const millrace_offsets& offsets) const noexcept {
    if (next_ < 0 && end_seen_ < 0) {
        return std::nullopt;
    }
    // librdkafka's own position is ahead of ours by the control records passed, and only means
    // something once a record was read.
    return std::max({next_, end_seen_, next_ >= 0 ? offsets.position : -1});
}

std::optional<Offset> RdPartitionQueue::position() const {
    millrace_offsets offsets{};
    millrace_partition_offsets(partition_.get(), &offsets);
    return position_in(offsets);
}

std::optional<std::int64_t> RdPartitionQueue::lag() const {
    millrace_offsets offsets{};
    millrace_partition_offsets(partition_.get(), &offsets);
    const std::optional<Offset> position = position_in(offsets);
    const Offset end = context_.read_committed ? offsets.last_stable : offsets.high_water;
    if (!position || end < 0) {
        return std::nullopt;
    }
    return std::max<std::int64_t>(0, end - *position);
}

Status RdPartitionQueue::seek(Offset offset) {
    const rd_kafka_resp_err_t error = failed_ ? restart(offset) : seek_while_fetching(offset);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        next_ = -1;
        end_seen_ = -1;
        failed_ = false;
    }
    return status_of_error(error, "cannot seek " + to_string(which_));
}

rd_kafka_resp_err_t RdPartitionQueue::seek_while_fetching(Offset offset) {
    const RdList list = to_list({&which_, 1});
    rd_kafka_topic_partition_t& element = list->elems[0];
    const auto deadline = system_clock().monotonic() + kSeekTimeout;
    for (;;) {
        element.offset = offset;
        element.err = RD_KAFKA_RESP_ERR_NO_ERROR;
        const RdError failure(
            rd_kafka_seek_partitions(client_, list.get(), to_rd_timeout(kSeekTimeout)));
        if (failure != nullptr) {
            return rd_kafka_error_code(failure.get());
        }
        if (element.err != RD_KAFKA_RESP_ERR__STATE || system_clock().monotonic() >= deadline) {
            return element.err;
        }
        // Assigned, but fetching has not begun: librdkafka's threads get there presently.
        WakeFd().wait(std::chrono::milliseconds(5));
    }
}

rd_kafka_resp_err_t RdPartitionQueue::restart(Offset offset) {
    // Whether the error ended fetching is known only by trying.
    const RdList list = to_list({&which_, 1});
    list->elems[0].offset = offset;
    const RdError failure(
        rd_kafka_seek_partitions(client_, list.get(), to_rd_timeout(kSeekTimeout)));
    if (failure != nullptr) {
        return rd_kafka_error_code(failure.get());
    }
    return list->elems[0].err == RD_KAFKA_RESP_ERR__STATE
               ? millrace_partition_restart(partition_.get(), offset)
               : list->elems[0].err;
}

}  // namespace millrace::kafka
