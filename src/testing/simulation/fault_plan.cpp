// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/fault_plan.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace millrace::testing {

std::set<SimulatedFault> all_simulated_faults() {
    std::set<SimulatedFault> all;
    for (int i = 0; i <= static_cast<int>(SimulatedFault::kFullDisk); ++i) {
        all.insert(static_cast<SimulatedFault>(i));
    }
    return all;
}

namespace simulated {

namespace {

using std::chrono::milliseconds;

const char* text_of(SimulatedFault fault) {
    switch (fault) {
        case SimulatedFault::kCrash:
            return "an instance crashes";
        case SimulatedFault::kLostState:
            return "an instance crashes and loses state";
        case SimulatedFault::kFreeze:
            return "an instance stands still";
        case SimulatedFault::kPartition:
            return "an instance does not reach the brokers";
        case SimulatedFault::kBrokerOutage:
            return "the brokers are down";
        case SimulatedFault::kSlowBroker:
            return "the network is slow";
        case SimulatedFault::kLostRequest:
            return "a request is lost";
        case SimulatedFault::kLostResponse:
            return "a response is lost";
        case SimulatedFault::kLateCommit:
            return "the commit of a transaction is executed late";
        case SimulatedFault::kExpiredMember:
            return "a member is removed from its group";
        case SimulatedFault::kExpiredTransaction:
            return "a transaction expires";
        case SimulatedFault::kClockJump:
            return "the wall clock is set";
        case SimulatedFault::kInstances:
            return "an instance joins or leaves";
        case SimulatedFault::kThreads:
            return "a stream thread is started or ended";
        case SimulatedFault::kFullDisk:
            return "the disk of an instance is full";
        case SimulatedFault::kGrownTopic:
            return "a topic gets another partition";
        case SimulatedFault::kRecreatedTopic:
            return "a topic is deleted and created again";
    }
    return "";
}

/// Mostly short, now and then longer than sessions and transactions last.
milliseconds random_time(RandomNumbers& random) {
    return random.one_in(3) ? random.between(milliseconds{1'000}, milliseconds{15'000})
                            : random.between(milliseconds{1}, milliseconds{1'000});
}

}  // namespace

std::string to_string(const PlannedEvent& event) {
    char text[160];
    std::snprintf(text, sizeof text, "at %.3f s: %s (%llu), for %.3f s",
                  static_cast<double>(event.at.count()) / 1000, text_of(event.fault),
                  static_cast<unsigned long long>(event.choice),
                  static_cast<double>(event.lasts.count()) / 1000);
    return text;
}

std::vector<PlannedEvent> plan_faults(RandomNumbers& random, const SimulationOptions& options) {
    std::vector<PlannedEvent> events;
    if (options.kinds.empty() || options.faults <= 0) {
        return events;
    }
    const std::vector<SimulatedFault> kinds(options.kinds.begin(), options.kinds.end());
    const auto count = random.below(static_cast<std::size_t>(options.faults) + 1);
    for (std::size_t i = 0; i < count; ++i) {
        PlannedEvent event;
        event.at = random.between(milliseconds{0}, options.duration);
        event.fault = kinds[random.below(kinds.size())];
        event.choice = random.below(1'000'000);
        event.lasts = random_time(random);
        events.push_back(event);
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& left, const auto& right) { return left.at < right.at; });
    return events;
}

}  // namespace simulated

}  // namespace millrace::testing
