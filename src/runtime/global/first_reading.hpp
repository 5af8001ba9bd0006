// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/restore_listener.hpp"
#include "restore/progress_board.hpp"
#include "runtime/global/global_input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace millrace::runtime {

/// Reports the initial read of the global topics to the application's restore listener. Throws
/// what the listener throws.
class FirstReading {
  public:
    /// `progress` may be null.
    void set_reports(StateRestoreListener listener, restore::ProgressBoard* progress) {
        listener_ = std::move(listener);
        board_ = progress;
    }

    /// Increases whenever the initial read makes progress.
    std::uint64_t progress() const noexcept { return progress_; }

    /// Reading starts at `input.next`.
    void started(GlobalInput& input, const std::string& store);

    /// Another `records` records were read, up to `input.next`. True if the partition is complete.
    bool advanced(GlobalInput& input, std::size_t records, const std::string& store);

  private:
    StateRestoreListener listener_;
    restore::ProgressBoard* board_ = nullptr;
    std::uint64_t progress_ = 0;
};

}  // namespace millrace::runtime
