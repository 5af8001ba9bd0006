// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace millrace {

/// Which clock drives a punctuation.
enum class PunctuationType {
    kStreamTime,  ///< The task's stream time: advances with records only.
    kWallClock,   ///< The system's clock.
};

/// Called with the time at which the punctuation fires. Missed intervals are skipped, not made up.
using Punctuator = std::function<void(Timestamp)>;

struct PunctuationSchedule {
    std::chrono::milliseconds interval{0};  ///< At least 1 ms.
    PunctuationType type = PunctuationType::kStreamTime;
    std::optional<Timestamp> start{};  ///< Anchor (KIP-1146); nothing: see type.
};

/// Stops a punctuation. Copies stop the same one. May outlive the task.
class Cancellable {
  public:
    Cancellable() = default;
    explicit Cancellable(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}

    /// From within the punctuator as well. Idempotent.
    void cancel() noexcept {
        if (cancelled_ != nullptr) {
            *cancelled_ = true;
        }
    }

  private:
    std::shared_ptr<bool> cancelled_;
};

}  // namespace millrace
