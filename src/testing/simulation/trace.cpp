// SPDX-License-Identifier: Apache-2.0
#include "testing/simulation/trace.hpp"

#include "millrace/core/logging.hpp"

#include <cstdio>
#include <utility>

namespace millrace::testing::simulated {

Trace::Trace(const Scheduler& scheduler, std::string hidden)
    : scheduler_(scheduler), hidden_(std::move(hidden)) {
    set_log_sink([this](LogLevel, std::string_view line) { add(line); });
}

Trace::~Trace() {
    set_log_sink({});
}

void Trace::add(std::string_view line) {
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(scheduler_.passed());
    char when[64];
    const int process = scheduler_.process();
    if (process < 0) {
        std::snprintf(when, sizeof when, "%11.6f              ",
                      static_cast<double>(passed.count()) / 1e6);
    } else {
        std::snprintf(when, sizeof when, "%11.6f instance %d.%d ",
                      static_cast<double>(passed.count()) / 1e6, process / 1000, process % 1000);
    }
    text_ += when;
    // Settings and other details follow in further lines.
    std::string first(line.substr(0, line.find('\n')));
    for (auto at = first.find(hidden_); at != std::string::npos; at = first.find(hidden_, at)) {
        first.replace(at, hidden_.size(), "<state>");
    }
    text_ += first;
    text_ += '\n';
}

}  // namespace millrace::testing::simulated
