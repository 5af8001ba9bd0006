// SPDX-License-Identifier: Apache-2.0
#include "core/clock.hpp"

#include "core/simulator.hpp"

namespace millrace {
namespace {

class SystemClock final : public Clock {
  public:
    Timestamp now() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
    std::chrono::nanoseconds monotonic() const override {
        return std::chrono::steady_clock::now().time_since_epoch();
    }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return simulator != nullptr ? simulator->clock() : clock;
}

}  // namespace millrace
