// SPDX-License-Identifier: Apache-2.0
#include "runtime/commit/departed_transactions.hpp"

#include "core/log.hpp"
#include "runtime/commit/output_transaction.hpp"

#include <algorithm>
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

void DepartedTransactions::tasks_wait(const std::vector<std::string>& departed) {
    const auto now = clock_.monotonic();
    if (!waiting_since_ || now - waiting_at_ >= kPatience) {
        waiting_since_ = now;
    }
    waiting_at_ = now;
    std::erase_if(done_, [&departed](const std::string& id) {
        return std::find(departed.begin(), departed.end(), id) == departed.end();
    });
    if (now - *waiting_since_ < kPatience || !ids_.empty()) {
        return;
    }
    for (const std::string& id : departed) {
        if (done_.insert(id).second) {
            ids_.push_back(id);
        }
    }
}

void DepartedTransactions::proceed(milliseconds slice) {
    const auto end = clock_.monotonic() + slice;
    while (!ids_.empty()) {
        const auto left = std::chrono::ceil<milliseconds>(end - clock_.monotonic());
        if (left <= milliseconds{0} || !abort_last(left)) {
            return;
        }
        producer_.reset();
        ids_.pop_back();
    }
}

/// Returns false if Kafka does not respond, to be tried again.
bool DepartedTransactions::abort_last(milliseconds timeout) {
    const std::string& id = ids_.back();
    std::string problem;
    try {
        if (producer_ == nullptr) {
            settings_["transactional.id"] = id;
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
