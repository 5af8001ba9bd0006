// SPDX-License-Identifier: Apache-2.0

// The transactional functions of RdProducer.
#include "core/clock.hpp"
#include "kafka/rdkafka/internals_shim.h"
#include "kafka/rdkafka/partition_lists.hpp"
#include "kafka/rdkafka/rd_producer.hpp"
#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"

namespace millrace::kafka {

using std::chrono::milliseconds;

namespace {

/// AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit: librdkafka repeats them without
/// report after a timeout or the end of a connection.
bool belongs_to_transaction(std::int16_t key) noexcept {
    return key == 24 || key == 25 || key == 26 || key == 28;
}

}  // namespace

Status RdProducer::init_transactions(milliseconds timeout) {
    return status_of_error(
        RdError(rd_kafka_init_transactions(client_.get(), to_rd_timeout(timeout))), {});
}

Status RdProducer::begin_transaction() {
    return status_of_error(RdError(rd_kafka_begin_transaction(client_.get())), {});
}

Status RdProducer::send_offsets(std::span<const OffsetCommit> offsets, const GroupMetadata& group,
                                milliseconds timeout) {
    if (offsets.empty()) {
        return {};
    }
    // Without the consumer's representation, the values are converted.
    const auto* native = static_cast<const rd_kafka_consumer_group_metadata_t*>(group.native.get());
    RdGroupMetadata made;
    if (native == nullptr) {
        made.reset(rd_kafka_consumer_group_metadata_new_with_genid(
            group.group_id.c_str(), group.generation, group.member_id.c_str(),
            group.group_instance_id.empty() ? nullptr : group.group_instance_id.c_str()));
        native = made.get();
    }
    const RdList list = to_list(offsets);
    const RdError error(rd_kafka_send_offsets_to_transaction(client_.get(), list.get(), native,
                                                             to_rd_timeout(timeout)));
    return status_of_error(error, "offsets of group " + group.group_id);
}

Status RdProducer::commit_transaction(milliseconds timeout) {
    // librdkafka waits for the same condition; this only detects it sooner. A timeout is detected
    // below.
    const auto begin = system_clock().monotonic();
    millrace_flush(client_.get(), to_rd_timeout(timeout));
    const auto spent = std::chrono::duration_cast<milliseconds>(system_clock().monotonic() - begin);
    const RdError error(rd_kafka_commit_transaction(client_.get(), to_rd_timeout(timeout - spent)));
    rethrow_from_callback();
    return status_of_error(error, {});
}

Status RdProducer::abort_transaction(milliseconds timeout) {
    const RdError error(rd_kafka_abort_transaction(client_.get(), to_rd_timeout(timeout)));
    rethrow_from_callback();
    return status_of_error(error, {});
}

bool RdProducer::has_unanswered_requests() const {
    return unanswered_.load(std::memory_order_relaxed);
}

// Called with an error when librdkafka no longer waits for the response, before it repeats the
// request. It does not tell whether the request had reached the connection.
rd_kafka_resp_err_t RdProducer::response_callback(rd_kafka_t*, int, const char*, std::int32_t,
                                                  std::int16_t key, std::int16_t, std::int32_t,
                                                  std::size_t, std::int64_t,
                                                  rd_kafka_resp_err_t error, void* self) noexcept {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && belongs_to_transaction(key)) {
        static_cast<RdProducer*>(self)->unanswered_.store(true, std::memory_order_relaxed);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace millrace::kafka
