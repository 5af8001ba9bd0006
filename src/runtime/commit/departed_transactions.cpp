// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/departed_transactions.hpp"

#include "core/log.hpp"
#include "runtime/commit/output_transaction.hpp"

#include <exception>
#include <utility>

namespace millrace::runtime {

using std::chrono::milliseconds;

DepartedTransactions::DepartedTransactions(std::shared_ptr<kafka::ClientSupplier> supplier,
                                           kafka::ClientSettings producer_settings,
                                           const Clock& clock, std::string thread_name)
    : supplier_(std::move(supplier)),
      settings_(std::move(producer_settings)),
      clock_(clock),
      thread_name_(std::move(thread_name)) {}

DepartedTransactions::~DepartedTransactions() = default;

void DepartedTransactions::tasks_wait(const std::vector<std::string>& departed,
                                      milliseconds timeout) {
    const auto now = clock_.monotonic();
    if (!waiting_since_) {
        waiting_since_ = now;
    }
    if (now - *waiting_since_ < kPatience) {
        return;
    }
    const auto end = now + timeout;
    for (const std::string& id : departed) {
        if (done_.contains(id)) {
            continue;
        }
        const auto left = std::chrono::ceil<milliseconds>(end - clock_.monotonic());
        if (left <= milliseconds{0} || !abort(id, left)) {
            return;
        }
        done_.insert(id);
        producer_.reset();
    }
}

void DepartedTransactions::tasks_run() {
    waiting_since_.reset();
    done_.clear();
    producer_.reset();
}

/// Returns false if Kafka does not respond, to be tried again.
bool DepartedTransactions::abort(const std::string& id, milliseconds timeout) {
    std::string problem;
    try {
        if (producer_ == nullptr || id_ != id) {
            settings_["transactional.id"] = id_ = id;
            producer_.reset();
            producer_ = supplier_->make_producer(settings_, *this);
        }
        const kafka::Status status = producer_->init_transactions(timeout);
        if (status.ok()) {
            log::info(thread_name_ +
                      ": ended what a departed member had left open: transactional.id " + id);
            return true;
        }
        if (!status.fatal() && unanswered(status)) {
            return false;
        }
        problem = status.message();
    } catch (const std::exception& error) {
        problem = error.what();
    }
    log::warn(thread_name_ +
              ": cannot abort the transaction of a departed member, waiting for its "
              "timeout: transactional.id " +
              id + ": " + problem);
    return true;
}

}  // namespace millrace::runtime
