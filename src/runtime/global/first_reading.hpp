// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/restore_listener.hpp"
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
    void set_listener(StateRestoreListener listener) { listener_ = std::move(listener); }

    /// Increases whenever the initial read makes progress.
    std::uint64_t progress() const noexcept { return progress_; }

    /// Reading starts at `input.next`.
    void started(const GlobalInput& input, const std::string& store);

    /// Another `records` records were read, up to `input.next`. True if the partition is complete.
    bool advanced(GlobalInput& input, std::size_t records, const std::string& store);

  private:
    StateRestoreListener listener_;
    std::uint64_t progress_ = 0;
};

}  // namespace millrace::runtime
