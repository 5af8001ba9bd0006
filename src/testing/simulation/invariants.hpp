// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/testing/embedded_broker.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::testing::simulated {

/// What must hold at any time, whatever fails.
class Invariants {
  public:
    Invariants(const EmbeddedBroker& broker, std::string group)
        : broker_(broker), group_(std::move(group)) {}

    /// Adds what is violated now: a committed offset has moved back, or two members of a generation
    /// have the same partition. Offsets of `recreated` topics may move back.
    void look(const std::set<std::string>& recreated, std::vector<std::string>& violations);

  private:
    const EmbeddedBroker& broker_;
    std::string group_;
    std::map<TopicPartition, Offset> committed_;
};

}  // namespace millrace::testing::simulated
