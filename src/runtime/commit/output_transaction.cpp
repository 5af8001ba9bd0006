// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/output_transaction.hpp"

#include "core/fail_point.hpp"
#include "millrace/core/error.hpp"
#include "runtime/task/task_errors.hpp"

#include <algorithm>
#include <string>

namespace millrace::runtime {

namespace {

using std::chrono::milliseconds;

bool refused(const kafka::Status& status) {
    return status.code() == kafka::ErrorCode::kAuthorization ||
           status.code() == kafka::ErrorCode::kAuthentication ||
           status.code() == kafka::ErrorCode::kInvalidConfig ||
           status.code() == kafka::ErrorCode::kUnsupported;
}

}  // namespace

bool unanswered(const kafka::Status& status) {
    switch (status.code()) {
        case kafka::ErrorCode::kTimedOut:
        case kafka::ErrorCode::kTransport:
        case kafka::ErrorCode::kNotReady:
        case kafka::ErrorCode::kConcurrentTransactions:
            return true;
        default:
            return status.retriable();
    }
}

bool OutputTransaction::initialise(milliseconds timeout) {
    if (state_ != State::kNotInitialised) {
        return true;
    }
    const kafka::Status status =
        MILLRACE_FAIL_POINT_ANSWER("transaction.initialised", producer_.init_transactions(timeout));
    if (status.ok()) {
        state_ = State::kReady;
        return true;
    }
    if (!status.fatal() && unanswered(status)) {
        return false;
    }
    give_up(State::kUnknown, "cannot initialise transactions", status);
}

void OutputTransaction::begin() {
    if (state_ != State::kReady) {
        throw RestartFromCommit("output is not possible before transactions are initialised",
                                RestartFromCommit::Backoff::kNone);
    }
    if (const kafka::Status status = producer_.begin_transaction(); !status.ok()) {
        give_up(State::kUnknown, "cannot begin a transaction", status);
    }
    MILLRACE_FAIL_POINT("transaction.begun");
    state_ = State::kOpen;
}

kafka::Status OutputTransaction::commit(std::span<const kafka::OffsetCommit> offsets,
                                        const kafka::GroupMetadata& group, milliseconds timeout) {
    if (state_ == State::kNotInitialised) {
        return {kafka::ErrorCode::kNotReady, "transactions are not initialised yet"};
    }
    ensure_open();
    const auto end = clock_.monotonic() + timeout;
    if (!offsets.empty()) {
        kafka::Status status = MILLRACE_FAIL_POINT_ANSWER(
            "commit.offsets_sent", producer_.send_offsets(offsets, group, timeout));
        if (!status.ok()) {
            const bool harmless = !status.fatal() && !status.must_abort_transaction();
            if (harmless && unanswered(status) && !producer_.has_unanswered_requests()) {
                return status;
            }
            give_up(State::kFailed, "cannot add offsets to the transaction", status);
        }
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - clock_.monotonic());
    kafka::Status status = MILLRACE_FAIL_POINT_ANSWER(
        "commit.transaction_committed",
        producer_.commit_transaction(std::max(milliseconds{0}, left)));  // Retries for that time.
    if (!status.ok()) {
        if (unanswered(status)) {
            give_up(State::kUnknown, "it is unknown whether the transaction is committed", status);
        }
        give_up(State::kFailed, "cannot commit the transaction", status);
    }
    state_ = State::kReady;
    return status;
}

bool OutputTransaction::abort(milliseconds timeout) {
    if (state_ == State::kOpen || state_ == State::kFailed) {
        const kafka::Status status =
            MILLRACE_FAIL_POINT_ANSWER("transaction.aborted", producer_.abort_transaction(timeout));
        const bool ended = status.ok() && !producer_.has_unanswered_requests();
        state_ = ended ? State::kReady : status.fenced() ? State::kFenced : State::kUnknown;
    }
    return state_ != State::kUnknown;
}

void OutputTransaction::give_up(State left_in, const char* what, const kafka::Status& status) {
    state_ = status.fenced() && status.fatal() ? State::kFenced
             : status.fatal()                  ? State::kUnknown
                                               : left_in;
    const std::string text =
        std::string(what) + ": transactional.id " + id_ + ": " + status.message();
    if (refused(status)) {
        throw KafkaError(text);
    }
    throw RestartFromCommit(text);
}

}  // namespace millrace::runtime
