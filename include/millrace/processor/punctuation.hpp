// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/core/time.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace millrace {

/// The clock of a punctuation.
enum class PunctuationType {
    kStreamTime,  ///< The task's stream time: advances only with records.
    kWallClock,   ///< The system's clock.
};

/// Called with the time at which the punctuation fires. Missed intervals are skipped.
using Punctuator = std::function<void(Timestamp)>;

struct PunctuationSchedule {
    std::chrono::milliseconds interval{0};  ///< At least 1 ms.
    PunctuationType type = PunctuationType::kStreamTime;
    std::optional<Timestamp> start{};  ///< Anchor (KIP-1146); empty: see type.
};

/// Cancels a punctuation. Copies cancel the same one. May outlive the task.
class Cancellable {
  public:
    Cancellable() = default;
    explicit Cancellable(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}

    /// May be called from the punctuator. Idempotent.
    void cancel() noexcept {
        if (cancelled_ != nullptr) {
            *cancelled_ = true;
        }
    }

  private:
    std::shared_ptr<bool> cancelled_;
};

}  // namespace millrace
