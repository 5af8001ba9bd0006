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
constexpr std::chrono::milliseconds kSeekPause{5};
constexpr std::uint64_t kWakeOnce = 1;  // The value that is written to an eventfd.

}  // namespace

RdPartitionQueue::RdPartitionQueue(rd_kafka_t* client, const StartPosition& start, int wake_fd,
                                   ReadContext& context)
    : which_(start.partition),
      client_(client),
      context_(context),
      partition_(millrace_partition_open(client, which_.topic.c_str(), which_.partition)),
      queue_(rd_kafka_queue_get_partition(client, which_.topic.c_str(), which_.partition)) {
    MILLRACE_CHECK(partition_ != nullptr && queue_ != nullptr);
    known_ = {start.offset, start.leader_epoch};
    rd_kafka_queue_forward(queue_.get(), nullptr);
    rd_kafka_queue_io_event_enable(queue_.get(), wake_fd, &kWakeOnce, sizeof kWakeOnce);
    check_later(start);
}

RdPartitionQueue::~RdPartitionQueue() {
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
}

std::size_t RdPartitionQueue::read(std::vector<Message>& out, std::size_t max) {
    if (unchecked_) [[unlikely]] {
        begin_check();
    }
    std::size_t appended = 0;
    bool drained = false;
    while (appended < max && !drained) {
        const std::size_t wanted = std::min(max - appended, context_.batch.size());
        if (out.capacity() - out.size() < wanted) {
            // Before any message is taken: a message that cannot be appended would leak.
            out.reserve(std::max(out.size() + wanted, 2 * out.capacity()));
        }
        std::size_t count = 0;
        millrace_position passed{-1, -1};
        const std::size_t before = out.size();
        drained = millrace_partition_read(partition_.get(), context_.batch.data(), wanted, &count,
                                          &passed) < wanted;
        for (std::size_t i = 0; i < count; ++i) {
            appended += append(context_.batch[i], out) ? 1 : 0;
        }
        if (out.size() > before) {
            known_ = {next_, out.back().leader_epoch()};
        }
        if (passed.offset > next_) {
            next_ = passed.offset;
            known_ = passed;
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
    if (message->offset < next_ || unchecked_) [[unlikely]] {
        // A rebalance, which pauses every partition, happened after records were taken and before
        // the position was stored, so librdkafka fetched them again. Or the seek that checks the
        // log has not happened yet.
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

std::optional<Offset> RdPartitionQueue::position() const {
    const Offset position = std::max(next_, end_seen_);
    return position >= 0 ? std::optional(position) : std::nullopt;
}

std::int32_t RdPartitionQueue::leader_epoch() const {
    return position() == known_.offset ? known_.leader_epoch : -1;
}

std::optional<std::int64_t> RdPartitionQueue::lag() const {
    millrace_offsets offsets{};
    millrace_partition_offsets(partition_.get(), &offsets);
    const Offset end = context_.read_committed ? offsets.last_stable : offsets.high_water;
    const std::optional<Offset> reached = position();
    if (!reached || end < 0) {
        return std::nullopt;
    }
    return std::max<std::int64_t>(0, end - *reached);
}

Status RdPartitionQueue::seek(const StartPosition& position) {
    await_seekable();
    const rd_kafka_resp_err_t error = failed_ ? restart(position) : seek_while_fetching(position);
    return status_of_error(error, "cannot seek " + to_string(which_));
}

/// librdkafka validates the leader epoch of an offset after a seek, but not at the initial
/// position.
void RdPartitionQueue::check_later(const StartPosition& position) {
    if (position.offset > 0 && position.leader_epoch >= 0) {
        unchecked_ = position;
    }
}

/// After fetching has started. Records from before the check are outdated and are fetched again.
void RdPartitionQueue::begin_check() {
    if (millrace_partition_fetching(partition_.get()) == MILLRACE_FETCHING &&
        seek_while_fetching(StartPosition(*unchecked_)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        context_.more_to_read = true;  // Retried later.
    }
}

/// Waits for librdkafka's threads: fetching starts some time after the assignment, and the initial
/// lookup must be finished before the seek.
void RdPartitionQueue::await_seekable() {
    const auto deadline = system_clock().monotonic() + kSeekTimeout;
    for (;;) {
        const millrace_fetching fetching = millrace_partition_fetching(partition_.get());
        if (fetching == MILLRACE_FETCHING || (failed_ && fetching == MILLRACE_NOT_FETCHING) ||
            system_clock().monotonic() >= deadline) {
            return;
        }
        WakeFd().wait(kSeekPause);
    }
}

rd_kafka_resp_err_t RdPartitionQueue::seek_while_fetching(const StartPosition& position) {
    const RdList list = to_list({&position, 1});
    const RdError failure(
        rd_kafka_seek_partitions(client_, list.get(), to_rd_timeout(kSeekTimeout)));
    const rd_kafka_resp_err_t error =
        failure != nullptr ? rd_kafka_error_code(failure.get()) : list->elems[0].err;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        start_anew(position);
    }
    return error;
}

rd_kafka_resp_err_t RdPartitionQueue::restart(const StartPosition& position) {
    // Only an attempt shows whether the error stopped fetching.
    rd_kafka_resp_err_t error = seek_while_fetching(position);
    if (error == RD_KAFKA_RESP_ERR__STATE) {
        error = millrace_partition_restart(partition_.get(), position.offset);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            start_anew(position);
            check_later(position);
        }
    }
    return error;
}

void RdPartitionQueue::start_anew(const StartPosition& position) {
    known_ = {position.offset, position.leader_epoch};
    next_ = -1;
    end_seen_ = -1;
    unchecked_.reset();
    failed_ = false;
    millrace_continue_fetching(client_);
}

}  // namespace millrace::kafka
