// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testing/simulation/scheduler.hpp"

#include <string>
#include <string_view>

namespace millrace::testing::simulated {

/// The lines of a simulation. During its lifetime, the log of the process goes into it.
class Trace {
  public:
    /// `hidden` is left out of log lines: it differs from run to run.
    Trace(const Scheduler& scheduler, std::string hidden);
    ~Trace();
    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;

    /// Adds a line with the time and the process.
    void add(std::string_view line);

    std::string take() { return std::move(text_); }

  private:
    const Scheduler& scheduler_;
    std::string hidden_;
    std::string text_;
};

}  // namespace millrace::testing::simulated
