// SPDX-License-Identifier: Apache-2.0
#include "kafka/rdkafka/admin_call.hpp"

#include "core/check.hpp"
#include "kafka/rdkafka/status_of_error.hpp"
#include "kafka/rdkafka/timeouts.hpp"

#include <algorithm>
#include <utility>

namespace millrace::kafka {
namespace {

constexpr int kLongestTimeout = 3'600'000;  // librdkafka's maximum is one hour.

int option_timeout(std::chrono::milliseconds timeout) {
    return std::clamp(to_rd_timeout(timeout), 1, kLongestTimeout);
}

}  // namespace

AdminCall::AdminCall(rd_kafka_t* client, rd_kafka_admin_op_t operation,
                     std::chrono::milliseconds timeout, std::string doing)
    : timeout_(timeout),
      doing_(std::move(doing)),
      options_(rd_kafka_AdminOptions_new(client, operation)),
      answers_(rd_kafka_queue_new(client)) {
    MILLRACE_CHECK(rd_kafka_AdminOptions_set_request_timeout(options_.get(),
                                                             option_timeout(timeout), nullptr,
                                                             0) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

void AdminCall::wait_for_effect() {
    MILLRACE_CHECK(rd_kafka_AdminOptions_set_operation_timeout(options_.get(),
                                                               option_timeout(timeout_), nullptr,
                                                               0) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

Result<RdEvent> AdminCall::wait() {
    RdEvent answer(rd_kafka_queue_poll(answers_.get(), to_rd_timeout(timeout_)));
    if (answer == nullptr) {
        return status_of_error(RD_KAFKA_RESP_ERR__TIMED_OUT, doing_);
    }
    const rd_kafka_resp_err_t error = rd_kafka_event_error(answer.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return status_of_error(error, doing_, rd_kafka_event_error_string(answer.get()));
    }
    return answer;
}

}  // namespace millrace::kafka
