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

/// Within that time a process sends a request; otherwise it has ended, or has nothing to do.
constexpr nanoseconds kRequestWithin = 5s;

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

/// heal() waits for its end.
void FaultInjector::in_background(std::function<void()> work) {
    ++pending_;
    world_.scheduler.start([this, work = std::move(work)] {
        work();
        --pending_;
        world_.scheduler.notify(&pending_);
    });
}

/// Returns after that time, or when everything is healed.
void FaultInjector::pause(nanoseconds time) {
    Scheduler& scheduler = world_.scheduler;
    const nanoseconds end = scheduler.passed() + time;
    while (!healed_ && scheduler.passed() < end) {
        scheduler.wait(&healed_, end - scheduler.passed());
    }
}

/// Runs work at that time, or when everything is healed.
void FaultInjector::later(nanoseconds after, std::function<void()> work) {
    in_background([this, after, work = std::move(work)] {
        pause(after);
        work();
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
        case SimulatedFault::kFullDisk:
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
        case SimulatedFault::kGrownTopic:
        case SimulatedFault::kRecreatedTopic:
            return change_topic(fault);
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
        case SimulatedFault::kFullDisk:
            return fill_disk(fault, instance);
        default:
            break;
    }
    if (fault.fault == SimulatedFault::kFreeze && fault.choice / 100 % 2 == 0) {
        return freeze_in_request(process, fault.choice / 200 % 2 == 0, fault.lasts);
    }
    instance.disconnect();  // Heartbeats of a process that stands still stop, too.
    if (fault.fault == SimulatedFault::kFreeze) {
        world_.scheduler.freeze(process);
    }
    later(fault.lasts, [this, process] { revive(process); });
}

void FaultInjector::revive(int process) {
    world_.scheduler.thaw(process);
    if (Instance* const still = instances_.find(process)) {
        still->reconnect();
    }
}

/// A client that has failed or could not start because of that is started again by its operator.
void FaultInjector::fill_disk(const PlannedEvent& fault, Instance& instance) {
    const std::size_t place = instances_.place_of(instance);
    instance.fill_disk();
    later(fault.lasts, [this, place, folder = instance.folder()] {
        Instance::free_disk(folder);
        Instance* const there = instances_.at(place);
        if (there != nullptr && there->failed()) {
            instances_.close(place).await_end();
            instances_.start(place);
        }
    });
}

/// Stops the process while a request of it, or the response, is in flight. It is the last moment
/// at which a member believes that it has its partitions: most processes stand still while they
/// wait for records, and then notice first that they have lost them.
void FaultInjector::freeze_in_request(int process, bool commits, nanoseconds lasts) {
    const bool transactions =
        world_.application.config.processing_guarantee == ProcessingGuarantee::kExactlyOnceV2;
    freezing_[process] = commits && transactions;
    in_background([this, process, lasts] {
        const nanoseconds end = world_.scheduler.passed() + kRequestWithin;
        while (!healed_ && freezing_.contains(process) && world_.scheduler.passed() < end) {
            world_.scheduler.wait(&freezing_, 100ms);
        }
        if (freezing_.erase(process) > 0) {
            return;  // It sends no requests.
        }
        if (Instance* const instance = instances_.find(process)) {
            instance->disconnect();
        }
        pause(lasts);
        revive(process);
    });
}

void FaultInjector::on_request() {
    const int process = world_.scheduler.process();
    const auto freezing = freezing_.find(process);
    if (freezing == freezing_.end()) {
        return;
    }
    const bool commits =
        world_.cluster->group(world_.application.config.application_id).offsets().any_unstable();
    if (commits || !freezing->second) {
        freezing_.erase(freezing);
        world_.trace.add("stands still while a request is in flight");
        world_.scheduler.freeze(process);
        world_.scheduler.notify(&freezing_);
    }
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

void FaultInjector::change_topic(const PlannedEvent& fault) {
    const SimulatedApplication& application = world_.application;
    std::vector<std::string> inputs;
    for (const auto& [name, partitions] : application.topics) {
        if (std::find(application.output.begin(), application.output.end(), name) ==
            application.output.end()) {
            inputs.push_back(name);
        }
    }
    if (inputs.empty()) {
        return;
    }
    const std::string& name = inputs[fault.choice % inputs.size()];
    const std::int32_t partitions = broker_.topics().at(name);
    if (fault.fault == SimulatedFault::kGrownTopic) {
        broker_.add_partitions(name, partitions + 1);
    } else {
        recreated_.insert(name);
        broker_.delete_topic(name);
        broker_.create_topic(name, partitions);
    }
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
