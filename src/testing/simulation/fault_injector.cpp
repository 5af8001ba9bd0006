// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/fault_injector.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::testing::simulated {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr BrokerOperation kOperations[] = {BrokerOperation::kProduce,
                                           BrokerOperation::kFetch,
                                           BrokerOperation::kCommit,
                                           BrokerOperation::kSendOffsets,
                                           BrokerOperation::kCommitTransaction,
                                           BrokerOperation::kInitTransactions};

constexpr BrokerFault kFailures[] = {BrokerFault::kTimedOut, BrokerFault::kTransport,
                                     BrokerFault::kNotReady};

}  // namespace

void FaultInjector::inject(const std::vector<PlannedEvent>& faults) {
    Scheduler& scheduler = world_.scheduler;
    for (const PlannedEvent& fault : faults) {
        scheduler.pause(std::max<nanoseconds>(fault.at - scheduler.passed(), 0ns));
        world_.trace.add("FAULT " + to_string(fault));
        begin(fault);
    }
}

/// Runs work at that time, or when everything is healed.
void FaultInjector::later(std::chrono::milliseconds after, std::function<void()> work) {
    ++pending_;
    Scheduler& scheduler = world_.scheduler;
    scheduler.start([this, &scheduler, after, work = std::move(work)] {
        const nanoseconds end = scheduler.passed() + after;
        while (!healed_ && scheduler.passed() < end) {
            scheduler.wait(&healed_, end - scheduler.passed());
        }
        work();
        --pending_;
        scheduler.notify(&pending_);
    });
}

void FaultInjector::heal() {
    world_.trace.add("HEALS everything");
    healed_ = true;
    world_.scheduler.notify(&healed_);
    while (pending_ > 0) {
        world_.scheduler.wait(&pending_, 1h);
    }
    {
        const auto lock = world_.cluster->lock();
        world_.cluster->faults().clear();
    }
    if (instances_.any(0) == nullptr) {
        instances_.start(0);
    }
}

void FaultInjector::begin(const PlannedEvent& fault) {
    switch (fault.fault) {
        case SimulatedFault::kCrash:
        case SimulatedFault::kLostState:
        case SimulatedFault::kFreeze:
        case SimulatedFault::kPartition:
        case SimulatedFault::kThreads:
            if (Instance* const instance = instances_.any(fault.choice)) {
                begin_in_instance(fault, *instance);
            }
            return;
        case SimulatedFault::kBrokerOutage:
            broker_.set_available(false);
            return later(fault.lasts, [this] { broker_.set_available(true); });
        case SimulatedFault::kSlowBroker:
            slow_ = true;
            return later(fault.lasts, [this] { slow_ = false; });
        case SimulatedFault::kLostRequest:
        case SimulatedFault::kLostResponse:
        case SimulatedFault::kLateCommit:
            return break_request(fault);
        case SimulatedFault::kExpiredMember:
        case SimulatedFault::kExpiredTransaction:
            return expire(fault);
        case SimulatedFault::kClockJump:
            return world_.scheduler.set_wall_clock(fault.choice % 2 == 0 ? fault.lasts
                                                                         : -fault.lasts);
        case SimulatedFault::kInstances:
            return join_or_leave(fault);
    }
}

void FaultInjector::begin_in_instance(const PlannedEvent& fault, Instance& instance) {
    const std::size_t place = instances_.place_of(instance);
    const int process = instance.process();
    switch (fault.fault) {
        case SimulatedFault::kCrash:
        case SimulatedFault::kLostState:
            instances_.crash(place, fault.fault == SimulatedFault::kCrash);
            return later(fault.lasts, [this, place] { instances_.start(place); });
        case SimulatedFault::kThreads:
            return fault.choice / 100 % 2 == 0 ? instance.add_thread() : instance.remove_thread();
        default:
            break;
    }
    instance.disconnect();  // Heartbeats of a process that stands still stop, too.
    if (fault.fault == SimulatedFault::kFreeze) {
        world_.scheduler.freeze(process);
    }
    later(fault.lasts, [this, process] {
        world_.scheduler.thaw(process);
        if (Instance* const still = instances_.find(process)) {
            still->reconnect();
        }
    });
}

void FaultInjector::join_or_leave(const PlannedEvent& fault) {
    const std::size_t place = fault.choice % instances_.places();
    if (!instances_.running(place)) {
        return instances_.start(place);
    }
    Instance& leaving = instances_.close(place);
    later(fault.lasts, [this, place, &leaving] {
        leaving.await_end();
        instances_.start(place);
    });
}

void FaultInjector::break_request(const PlannedEvent& fault) {
    const BrokerFault failure = kFailures[fault.choice / 100 % std::size(kFailures)];
    BrokerOperation operation = kOperations[fault.choice % std::size(kOperations)];
    switch (fault.fault) {
        case SimulatedFault::kLateCommit:
            return broker_.fail_next(BrokerOperation::kCommitTransaction, BrokerFault::kTimedOut,
                                     FaultMoment::kLate);
        case SimulatedFault::kLostResponse:
            if (operation == BrokerOperation::kFetch) {
                operation = BrokerOperation::kProduce;
            }
            return broker_.fail_next(operation, failure, FaultMoment::kAfter);
        default:
            return broker_.fail_next(operation, failure);
    }
}

void FaultInjector::expire(const PlannedEvent& fault) {
    const std::string& group = world_.application.config.application_id;
    if (fault.fault == SimulatedFault::kExpiredTransaction) {
        const auto lock = world_.cluster->lock();
        world_.cluster->transactions().expire_any(group + "-", fault.choice,
                                                  world_.cluster->clock().now());
        return;
    }
    const auto members = broker_.members(group);
    if (!members.empty()) {
        broker_.expire_member(group, members[fault.choice % members.size()].member_id);
    }
}

}  // namespace millrace::testing::simulated
