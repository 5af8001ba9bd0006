// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "millrace/state/restore_listener.hpp"
#include "runtime/global/global_input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace millrace::runtime {

/// Reports the first reading of the global topics to the application's restore listener. Throws
/// what the listener throws.
class FirstReading {
  public:
    void set_listener(StateRestoreListener listener) { listener_ = std::move(listener); }

    /// Increases whenever the first reading makes progress.
    std::uint64_t progress() const noexcept { return progress_; }

    /// Reading starts at `input.next`.
    void started(const GlobalInput& input, const std::string& store);

    /// `input.next` has moved, over `records` records. True if this completed the partition.
    bool advanced(GlobalInput& input, std::size_t records, const std::string& store);

  private:
    StateRestoreListener listener_;
    std::uint64_t progress_ = 0;
};

}  // namespace millrace::runtime
