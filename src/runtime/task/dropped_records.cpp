// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/dropped_records.hpp"

#include "core/log.hpp"

#include <chrono>
#include <utility>

namespace millrace::runtime {
namespace {

constexpr std::chrono::seconds kLogInterval{10};

}  // namespace

DroppedRecords::DroppedRecords(std::string task, std::shared_ptr<metrics::Counter> counter)
    : task_(std::move(task)), counter_(std::move(counter)) {}

void DroppedRecords::add() {
    ++count_;
    if (counter_ != nullptr) {
        counter_->add();
    }
}

void DroppedRecords::add(std::string_view where, std::string_view reason, Timestamp now) {
    add();
    if (logged_ != kNoTimestamp && now >= logged_ && now - logged_ < kLogInterval) {
        return;
    }
    logged_ = now;
    log::warn("record dropped: " + std::string(reason) + ": " + std::string(where) + ", " + task_ +
              ", so far " + std::to_string(count_));
}

}  // namespace millrace::runtime
