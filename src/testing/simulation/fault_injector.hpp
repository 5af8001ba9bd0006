// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testing/simulation/fault_plan.hpp"
#include "testing/simulation/instances.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// Lets planned faults happen.
class FaultInjector {
  public:
    /// All must outlive the injector.
    FaultInjector(World& world, EmbeddedBroker& broker, Instances& instances)
        : world_(world), broker_(broker), instances_(instances) {}

    /// Each at its time; returns after the last has begun.
    void inject(const std::vector<PlannedEvent>& faults);

    /// Ends all faults. None has an effect after this, and an instance is running.
    void heal();

    /// Whether the network is slow now.
    bool slow() const noexcept { return slow_; }

    /// Topics that were deleted and created again.
    const std::set<std::string>& recreated() const noexcept { return recreated_; }

    /// Call it when a request or a response is in flight, before the time that this takes.
    void on_request();

  private:
    void begin(const PlannedEvent& fault);
    void begin_in_instance(const PlannedEvent& fault, Instance& instance);
    void fill_disk(const PlannedEvent& fault, Instance& instance);
    void change_topic(const PlannedEvent& fault);
    void break_request(const PlannedEvent& fault);
    void expire(const PlannedEvent& fault);
    void join_or_leave(const PlannedEvent& fault);
    void freeze_in_request(int process, bool commits, std::chrono::nanoseconds lasts);
    void revive(int process);
    void in_background(std::function<void()> work);
    void pause(std::chrono::nanoseconds time);
    void later(std::chrono::nanoseconds after, std::function<void()> work);

    World& world_;
    EmbeddedBroker& broker_;
    Instances& instances_;
    bool slow_ = false;
    bool healed_ = false;
    int pending_ = 0;  // Faults that are not over.

    // Processes that stop in their next request. True: in one that changes committed offsets within
    // a transaction, or after it and before the end of the transaction.
    std::map<int, bool> freezing_;
    std::set<std::string> recreated_;
};

}  // namespace millrace::testing::simulated
