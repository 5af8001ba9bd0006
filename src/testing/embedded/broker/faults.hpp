// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/status.hpp"
#include "millrace/testing/embedded_broker.hpp"
#include "testing/embedded/log/statuses.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <optional>

namespace millrace::testing::embedded {

/// A failure that a test injects.
struct PlannedFault {
    kafka::ErrorCode code;
    FaultMoment moment;
    std::chrono::milliseconds delay{0};  ///< With kLate: when the request is executed.

    /// The call itself has no effect.
    bool before() const noexcept { return moment != FaultMoment::kAfter; }
    bool late() const noexcept { return moment == FaultMoment::kLate; }
    kafka::Status status() const {
        const char* message = "failure injected by a test";
        return code == kafka::ErrorCode::kFenced ? fatal_failure(code, message)
                                                 : failure(code, message);
    }
};

/// Pending failures, by operation. Threads: guarded by the cluster's mutex.
class Faults {
  public:
    void plan(BrokerOperation operation, BrokerFault fault, FaultMoment moment,
              std::chrono::milliseconds delay = {}) {
        planned_[operation].push_back({code_of(fault), moment, delay});
    }

    /// Drops all of them.
    void clear() { planned_.clear(); }

    /// The failure of this call, if one is pending.
    std::optional<PlannedFault> take(BrokerOperation operation) {
        const auto planned = planned_.find(operation);
        if (planned == planned_.end() || planned->second.empty()) {
            return std::nullopt;
        }
        const PlannedFault fault = planned->second.front();
        planned->second.pop_front();
        return fault;
    }

  private:
    static kafka::ErrorCode code_of(BrokerFault fault) {
        switch (fault) {
            case BrokerFault::kTimedOut:
                return kafka::ErrorCode::kTimedOut;
            case BrokerFault::kTransport:
                return kafka::ErrorCode::kTransport;
            case BrokerFault::kNotReady:
                return kafka::ErrorCode::kNotReady;
            case BrokerFault::kFenced:
                return kafka::ErrorCode::kFenced;
            case BrokerFault::kUnknownMember:
                return kafka::ErrorCode::kUnknownMember;
            case BrokerFault::kIllegalGeneration:
                return kafka::ErrorCode::kIllegalGeneration;
            case BrokerFault::kRebalanceInProgress:
                return kafka::ErrorCode::kRebalanceInProgress;
            case BrokerFault::kMessageTooLarge:
                return kafka::ErrorCode::kMessageTooLarge;
            case BrokerFault::kInvalidRecord:
                return kafka::ErrorCode::kInvalidRecord;
            case BrokerFault::kAuthorization:
                return kafka::ErrorCode::kAuthorization;
        }
        return kafka::ErrorCode::kOther;
    }

    std::map<BrokerOperation, std::deque<PlannedFault>> planned_;
};

}  // namespace millrace::testing::embedded
