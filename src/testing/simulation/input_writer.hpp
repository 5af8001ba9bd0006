// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/testing/simulation.hpp"
#include "testing/simulation/random_numbers.hpp"
#include "testing/simulation/scheduler.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace millrace::testing::simulated {

/// Writes the input of a simulation in bursts, or in transactions with aborted ones in between.
class InputWriter {
  public:
    /// All must outlive the writer.
    InputWriter(Scheduler& scheduler, EmbeddedBroker& broker, RandomNumbers random)
        : scheduler_(scheduler), broker_(broker), random_(random) {}

    /// At once, without transactions.
    void write_now(const std::vector<SimulatedInput>& input);

    /// Whether some records are written in transactions, and some of these are aborted first.
    enum class Transactions { kNone, kCommitted, kSomeAborted };

    /// Over about that time since the start.
    void write(const std::vector<SimulatedInput>& input, std::chrono::nanoseconds end,
               Transactions transactions);

  private:
    void write_burst(const std::vector<SimulatedInput>& input, std::size_t begin, std::size_t end);
    void write_transaction(const std::vector<SimulatedInput>& input, std::size_t begin,
                           std::size_t end, bool commit);

    Scheduler& scheduler_;
    EmbeddedBroker& broker_;
    RandomNumbers random_;
};

}  // namespace millrace::testing::simulated
